/** The history of notifications. */
import {
  Button,
  DrawerBody,
  DrawerHeader,
  DrawerHeaderTitle,
  Link,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  OverlayDrawer,
  Spinner,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { DismissRegular } from '@fluentui/react-icons';
import { useEffect } from 'react';
import { useLocation } from 'wouter';
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
    <OverlayDrawer open position="end" onOpenChange={onClose}>
      <DrawerHeader>
        <DrawerHeaderTitle
          action={
            <Button
              appearance="subtle"
              aria-label={t.close}
              icon={<DismissRegular />}
              onClick={onClose}
            />
          }
        >
          {t.notifications}
        </DrawerHeaderTitle>
      </DrawerHeader>
      <DrawerBody>
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
      </DrawerBody>
    </OverlayDrawer>
  );
}
