/** An error or warning of a job or an item: code, cause, remedy, and the link that mends it. */
import {
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { PageLink } from '../../parts/PageLink';
import { useCodeText } from '../../text/errors';
import { useText } from '../../text/text';
import { text } from './detailsText';
import { mendOf } from './mends';
import type { About } from './mends';

const useStyles = makeStyles({
  bar: { wordBreak: 'break-word', margin: '0 0 8px' },
  part: { margin: '4px 0 0' },
  detail: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

export function Trouble(props: {
  code: string;
  message: string;
  /** What to do, as the server says it. */
  recommendations: readonly string[];
  intent: 'error' | 'warning';
  about: About;
}) {
  const styles = useStyles();
  const t = useText(text);
  const { message, remedy, detail } = useCodeText()(props.code, props.message);
  const mend = mendOf(props.code, props.about);
  const what = remedy ?? props.recommendations.join(' ');
  return (
    <MessageBar intent={props.intent} layout="multiline" className={styles.bar}>
      <MessageBarBody>
        <MessageBarTitle>{props.code}</MessageBarTitle>
        {message}
        {detail && <div className={styles.detail}>{detail}</div>}
        {what && (
          <p className={styles.part}>
            <strong>{t.remedy}:</strong> {what}
          </p>
        )}
        {mend && (
          <p className={styles.part}>
            <PageLink isInMessage to={mend.to}>
              {t.mend[mend.place]}
            </PageLink>
          </p>
        )}
      </MessageBarBody>
    </MessageBar>
  );
}
