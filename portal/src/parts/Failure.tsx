import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useErrorText } from '../text/errors';
import { texts, useText } from '../text/text';
import { PageLink } from './PageLink';

const text = texts({
  en: { again: 'Try again', request: 'Request', help: 'Troubleshooting' },
  'zh-Hant': { again: '重試', request: '要求', help: '疑難排解' },
  'zh-Hans': { again: '重试', request: '请求', help: '故障排除' },
});

const useStyles = makeStyles({
  bar: { margin: '12px 0', wordBreak: 'break-word' },
  help: { textDecorationLine: 'underline' },
  more: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

/** What went wrong, with code, cause and remedy, and the way to try again. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useText(text);
  const styles = useStyles();
  const { message, remedy, detail, code, requestId } = useErrorText()(error);
  return (
    <MessageBar intent="error" layout="multiline" className={styles.bar} role="alert">
      <MessageBarBody>
        <MessageBarTitle>{code}</MessageBarTitle>
        {message} {remedy}{' '}
        <PageLink to={`/help?view=errors&q=${encodeURIComponent(code)}`} className={styles.help}>
          {t.help}
        </PageLink>
        {detail && <div className={styles.more}>{detail}</div>}
        {requestId && (
          <div className={styles.more}>
            {t.request}: {requestId}
          </div>
        )}
      </MessageBarBody>
      {retry && (
        <MessageBarActions>
          <Button onClick={retry}>{t.again}</Button>
        </MessageBarActions>
      )}
    </MessageBar>
  );
}
