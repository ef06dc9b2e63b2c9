/** Reminds until the key of each vault is in a safe place. */
import {
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
} from '@fluentui/react-components';
import type { Attention, AttentionKind } from '../../api/overview';
import { CodeLine } from '../../parts/CodeLine';
import { useText } from '../../text/text';
import { text } from './text';

const useStyles = makeStyles({ bar: { marginBottom: '16px' } });

export function KeyReminder({ attention = [] }: { attention?: Attention[] }) {
  const styles = useStyles();
  const t = useText(text);
  const isOfKey = (kind: AttentionKind) => kind === 'KeyNotExported';
  const names = attention.filter((one) => isOfKey(one.kind)).map((one) => one.name);
  if (names.length === 0) return null;
  return (
    <MessageBar intent="warning" layout="multiline" className={styles.bar}>
      <MessageBarBody>
        <MessageBarTitle>{t.keyTitle(names.join(', '))}</MessageBarTitle>
        {t.keyWhy}
        {names.map((name) => (
          <CodeLine key={name}>{exportOf(name)}</CodeLine>
        ))}
      </MessageBarBody>
    </MessageBar>
  );
}

/** The command that exports the key of a vault. */
export const exportOf = (vault: string) =>
  `stillpoint server export-key ${vault} --to ${vault}.age`;
