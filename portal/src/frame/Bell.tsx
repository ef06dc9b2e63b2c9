/** The history of notifications. */
import {
  Button,
  Link,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  Spinner,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useEffect } from 'react';
import { useLocation } from 'wouter';
import { Panel } from '../parts/Panel';
import { useText } from '../text/text';
import { useTime } from '../text/time';
import { useNotifications } from './notifications';
import { text } from './text';

const useStyles = makeStyles({
  list: { display: 'grid', gap: '8px', padding: 0, margin: '8px 0', listStyleType: 'none' },
  time: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  bar: { wordBreak: 'break-word' },
});

export default function Bell({ onClose }: { onClose: () => void }) {
  const styles = useStyles();
  const t = useText(text);
  const time = useTime();
  const [, go] = useLocation();
  const { all, read, clear } = useNotifications();
  useEffect(read, [read]);
  return (
    <Panel title={t.notifications} size="small" onClose={onClose}>
      {all.length === 0 && <p>{t.noNotifications}</p>}
      {all.length > 0 && (
        <Button appearance="transparent" onClick={clear}>
          {t.dismissAll}
        </Button>
      )}
      <ul className={styles.list}>
        {all.map(({ id, title, body, intent, at, to }) => (
          <li key={id}>
            <MessageBar
              className={styles.bar}
              layout="multiline"
              politeness="polite"
              intent={intent === 'progress' ? 'info' : intent}
              icon={intent === 'progress' ? <Spinner size="extra-tiny" /> : undefined}
            >
              <MessageBarBody>
                <MessageBarTitle>{title}</MessageBarTitle>
                {body}
                {to && (
                  <div>
                    <Link onClick={() => (onClose(), go(to.path))}>{to.label}</Link>
                  </div>
                )}
                <div className={styles.time}>{time.second(at)}</div>
              </MessageBarBody>
            </MessageBar>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
