/**
 * Notifications: each tells of something that the person began, how it goes on and how it ended.
 * They come at the upper right and stay behind the bell (PORTAL-1, MON-1).
 */
import {
  Button,
  Link,
  Toast,
  ToastBody,
  ToastFooter,
  ToastTitle,
  Toaster,
  makeStyles,
  useId,
  useToastController,
} from '@fluentui/react-components';
import { DismissRegular } from '@fluentui/react-icons';
import { createContext, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { useLocation } from 'wouter';
import { useErrorText } from '../text/errors';
import { useText } from '../text/text';
import { text } from './text';

export type Intent = 'info' | 'progress' | 'success' | 'warning' | 'error';

/** What a notification says. */
export interface Said {
  title: string;
  body?: string;
  intent: Intent;
  /** Where more of it is: a path in the portal, and what the link says. */
  to?: { path: string; label: string };
}

export interface Notification extends Said {
  id: number;
  /** When it was told. */
  at: string;
  isRead: boolean;
}

interface Notifications {
  all: Notification[];
  unread: number;
  /** Tells something new, and gives its id. */
  tell: (said: Said) => number;
  /** Tells what became of it. */
  change: (id: number, said: Said) => void;
  read: () => void;
  clear: () => void;
}

const NotificationsContext = createContext<Notifications | undefined>(undefined);

export function useNotifications(): Notifications {
  const found = useContext(NotificationsContext);
  if (!found) throw new Error('no notifications around');
  return found;
}

const useStyles = makeStyles({
  // It is whole behind the bell, and does not cover the page here.
  body: {
    display: '-webkit-box',
    WebkitBoxOrient: 'vertical',
    WebkitLineClamp: '4',
    overflow: 'hidden',
    overflowWrap: 'anywhere',
  },
});

/** How many are remembered. */
const MOST = 100;
// No id is given again after the page was loaded anew.
let last = Date.now();

const told = (id: number, said: Said): Notification => ({
  ...said,
  id,
  at: new Date().toISOString(),
  isRead: false,
});

const isNew = ({ isRead }: Notification) => !isRead;

/** Those of this tab; what had not ended when it was loaded anew is not followed any more. */
function stored(key: string): Notification[] {
  const found = JSON.parse(sessionStorage.getItem(key) ?? '[]') as Notification[];
  return found.map((one) => (one.intent === 'progress' ? { ...one, intent: 'info' } : one));
}

/** `user` is the id of the person whose they are: nobody else sees them. */
export function NotificationsProvider({ user, children }: { user: string; children: ReactNode }) {
  const key = `notifications ${user}`;
  const [all, setAll] = useState(() => stored(key));
  const unread = all.filter(isNew).length;
  useEffect(() => sessionStorage.setItem(key, JSON.stringify(all)), [key, all]);
  useEffect(() => () => sessionStorage.removeItem(key), [key]);
  const toaster = useId('toaster');
  const { dispatchToast, dismissToast } = useToastController(toaster);

  const show = useCallback(
    (id: number, said: Said) => {
      const toastId = `notification-${id}-${said.intent}`;
      dispatchToast(<Shown said={said} done={() => dismissToast(toastId)} />, {
        toastId,
        intent: said.intent === 'progress' ? 'info' : said.intent,
        timeout: said.intent === 'error' ? 15_000 : 6_000,
        pauseOnHover: true,
      });
    },
    [dispatchToast, dismissToast],
  );

  const tell = useCallback(
    (said: Said) => {
      const id = ++last;
      setAll((all) => [told(id, said), ...all].slice(0, MOST));
      show(id, said);
      return id;
    },
    [show],
  );
  const change = useCallback(
    (id: number, said: Said) => {
      setAll((all) => all.map((one) => (one.id === id ? told(id, said) : one)));
      dismissToast(`notification-${id}-progress`);
      show(id, said);
    },
    [show, dismissToast],
  );
  const value = useMemo(
    () => ({
      all,
      unread,
      tell,
      change,
      read: () =>
        setAll((all) => (all.some(isNew) ? all.map((one) => ({ ...one, isRead: true })) : all)),
      clear: () => setAll([]),
    }),
    [all, unread, tell, change],
  );
  return (
    <NotificationsContext value={value}>
      {children}
      <Toaster toasterId={toaster} position="top-end" offset={{ vertical: 56 }} limit={4} />
    </NotificationsContext>
  );
}

function Shown({ said, done }: { said: Said; done: () => void }) {
  const styles = useStyles();
  const t = useText(text);
  const [, go] = useLocation();
  const { to } = said;
  return (
    <Toast>
      <ToastTitle
        action={
          <Button
            appearance="transparent"
            size="small"
            aria-label={t.close}
            icon={<DismissRegular />}
            onClick={done}
          />
        }
      >
        {said.title}
      </ToastTitle>
      {said.body && (
        <ToastBody>
          <span className={styles.body}>{said.body}</span>
        </ToastBody>
      )}
      {to && (
        <ToastFooter>
          <Link onClick={() => (done(), go(to.path))}>{to.label}</Link>
        </ToastFooter>
      )}
    </Toast>
  );
}

/**
 * Begins something and tells of it: that it began, and how it ended. The answer says whether it
 * went well.
 */
export function useTold() {
  const { tell, change } = useNotifications();
  const errorText = useErrorText();
  return useCallback(
    async (
      said: { begun: string; body?: string; failed: string },
      work: () => Promise<Omit<Said, 'intent'> & { intent?: Intent }>,
    ): Promise<boolean> => {
      const id = tell({ title: said.begun, body: said.body, intent: 'progress' });
      try {
        const done = await work();
        change(id, { intent: 'success', ...done });
        return true;
      } catch (error) {
        const { message, code } = errorText(error);
        change(id, { title: said.failed, body: `${message} (${code})`, intent: 'error' });
        return false;
      }
    },
    [tell, change, errorText],
  );
}
