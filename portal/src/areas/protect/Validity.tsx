/** What validation found of a machine: that it is ready, or code, cause and remedy; and advice. */
import { Text, makeStyles, tokens } from '@fluentui/react-components';
import type { Validated } from '../../api/protection';
import { Status } from '../../parts/Status';
import { useCodeText, useErrorText } from '../../text/errors';
import { useText } from '../../text/text';
import { text } from './text';

const useStyles = makeStyles({
  all: { display: 'grid', gap: '2px' },
  more: { color: tokens.colorNeutralForeground2 },
});

/** What is known of a validation so far. */
export interface Validation {
  data?: Validated;
  error?: unknown;
}

/** Whether it has ended, and well. */
export const isValid = ({ data }: Validation) => data?.status === 'Succeeded';
export const isOver = ({ data, error }: Validation) => data !== undefined || Boolean(error);

export function Validity({ of }: { of: Validation }) {
  const styles = useStyles();
  const t = useText(text);
  const codeText = useCodeText();
  const errorText = useErrorText();
  const { data, error } = of;
  if (error) {
    const said = errorText(error);
    return <Refused code={said.code} lines={[said.message, said.remedy]} />;
  }
  if (!data) return <Status tone="running">{t.validating}</Status>;
  if (data.status === 'Failed') {
    const said = codeText(data.errorCode, data.errorMessage);
    return (
      <Refused
        code={data.errorCode}
        lines={[said.message, said.remedy ?? data.recommendation, said.detail]}
      />
    );
  }
  return (
    <span className={styles.all}>
      <Status tone="good">{data.recommendation ? t.withAdvice : t.valid}</Status>
      {data.recommendation && (
        <Text size={200} className={styles.more}>
          {data.recommendation}
        </Text>
      )}
    </span>
  );
}

/** Why a machine can't be protected. */
export function Refused({ code, lines }: { code: string; lines: (string | undefined)[] }) {
  const styles = useStyles();
  const t = useText(text);
  return (
    <span className={styles.all}>
      <Status tone="bad">
        {t.invalid}: {code}
      </Status>
      {lines.map(
        (line) =>
          line && (
            <Text key={line} size={200} className={styles.more}>
              {line}
            </Text>
          ),
      )}
    </span>
  );
}
