/** The frame around all pages: top bar, menu, content. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { Suspense, lazy, useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import type { Session } from '../api/session';
import { renew } from '../api/client';
import { Waiting } from '../parts/Waiting';
import type { Known } from '../text/errors';
import { KnownErrors } from '../text/errors';
import { useLanguage, useText } from '../text/text';
import { Boundary } from './Boundary';
import { Menu } from './Menu';
import { Pages } from './Pages';
import { TopBar } from './TopBar';
import { text } from './text';
import { usePhone } from './width';

const Bell = lazy(() => import('./Bell'));

const useStyles = makeStyles({
  all: { display: 'flex', flexDirection: 'column', height: '100dvh' },
  skip: {
    position: 'absolute',
    left: '-9999px',
    zIndex: 10,
    padding: '8px 16px',
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorBrandForegroundLink,
    ':focus': { left: '8px', top: '8px' },
  },
  body: { display: 'flex', flexGrow: 1, minHeight: 0 },
  main: {
    flexGrow: 1,
    minWidth: 0,
    overflowY: 'auto',
    backgroundColor: tokens.colorNeutralBackground1,
    scrollbarGutter: 'stable',
    ':focus': { outlineStyle: 'none' },
  },
});

/** From how many pixels on the menu is open at first. */
const WIDE = 1200;
/** Renewed before it is over: tokens are good for an hour. */
const RENEW = 45 * 60 * 1000;

const errors = {
  en: async (): Promise<Known> => ({}),
  'zh-Hant': async () => (await import('../text/errors.zh-Hant')).errors,
  'zh-Hans': async () => (await import('../text/errors.zh-Hans')).errors,
};

export default function Shell({ session }: { session: Session }) {
  const styles = useStyles();
  const t = useText(text);
  const language = useLanguage();
  const isPhone = usePhone();
  // Open where there is room for it.
  const [menu, setMenu] = useState(() => innerWidth >= WIDE);
  const [bell, setBell] = useState(false);
  const [known, setKnown] = useState<Known>({});
  const [path] = useLocation();

  useEffect(() => {
    let isNew = true;
    void errors[language]().then((found) => isNew && setKnown(found));
    return () => void (isNew = false);
  }, [language]);

  useEffect(() => {
    const timer = setInterval(() => void renew(), RENEW);
    return () => clearInterval(timer);
  }, []);

  // A person who went to another page is at its beginning; the focus, too, if its place is gone.
  useEffect(() => {
    const content = document.getElementById('content');
    content?.scrollTo(0, 0);
    if (document.activeElement === document.body) content?.focus({ preventScroll: true });
  }, [path]);

  return (
    <KnownErrors value={known}>
      <div className={styles.all}>
        <a className={mergeClasses(styles.skip)} href="#content">
          {t.skip}
        </a>
        <TopBar session={session} onMenu={() => setMenu(!menu)} onBell={() => setBell(true)} />
        <div className={styles.body}>
          <Menu isOpen={menu} onClose={() => isPhone && setMenu(false)} />
          <main className={styles.main} id="content" tabIndex={-1}>
            <Boundary key={path}>
              <Suspense fallback={<Waiting />}>
                <Pages />
              </Suspense>
            </Boundary>
          </main>
        </div>
        {bell && (
          <Suspense>
            <Bell onClose={() => setBell(false)} />
          </Suspense>
        )}
      </div>
    </KnownErrors>
  );
}
