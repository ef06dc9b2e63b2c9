/** The portal's menu at the left: the main services. On a phone it lies over the page. */
import { Tooltip, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { AppsListRegular, HomeRegular } from '@fluentui/react-icons';
import type { FluentIcon } from '@fluentui/react-icons';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { useText } from '../text/text';
import { SERVICES } from './services';
import { text } from './text';
import { ON_PHONE } from './width';

const useStyles = makeStyles({
  nav: {
    width: '48px',
    flexShrink: 0,
    padding: '8px 4px',
    overflow: 'hidden auto',
    backgroundColor: tokens.colorNeutralBackground2,
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    [ON_PHONE]: { display: 'none' },
  },
  open: {
    width: '264px',
    [ON_PHONE]: {
      display: 'block',
      position: 'absolute',
      zIndex: 5,
      top: '48px',
      bottom: 0,
      left: 0,
      boxShadow: tokens.shadow28,
    },
  },
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  link: {
    display: 'flex',
    alignItems: 'center',
    gap: '12px',
    height: '36px',
    padding: '0 10px',
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground2,
    textDecorationLine: 'none',
    whiteSpace: 'nowrap',
    ':hover': { backgroundColor: tokens.colorNeutralBackground2Hover },
    '& svg': { fontSize: '20px', flexShrink: 0 },
  },
  here: {
    backgroundColor: tokens.colorNeutralBackground2Selected,
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground1,
  },
});

export function Menu({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const styles = useStyles();
  const t = useText(text);
  const entries: { path: string; label: string; icon: FluentIcon }[] = [
    { path: '/', label: t.home, icon: HomeRegular },
    { path: '/services', label: t.allServices, icon: AppsListRegular },
    ...SERVICES.filter((s) => s.isMain).map(({ path, name, icon }) => ({
      path,
      label: t[name],
      icon,
    })),
  ];
  useEffect(() => {
    if (!isOpen) return;
    const key = (event: KeyboardEvent) => event.key === 'Escape' && onClose();
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, [isOpen, onClose]);
  return (
    <nav className={mergeClasses(styles.nav, isOpen && styles.open)} aria-label={t.menu}>
      <ul className={styles.list}>
        {entries.map(({ path, label, icon: Icon }) => (
          <li key={path}>
            <Entry path={path} label={label} isOpen={isOpen} onGo={onClose}>
              <Icon aria-hidden />
            </Entry>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Entry(props: {
  path: string;
  label: string;
  isOpen: boolean;
  onGo: () => void;
  children: ReactNode;
}) {
  const styles = useStyles();
  const [here] = useLocation();
  const isHere = props.path === '/' ? here === '/' : `${here}/`.startsWith(`${props.path}/`);
  const link = (
    <Link
      href={props.path}
      onClick={props.onGo}
      className={mergeClasses(styles.link, isHere && styles.here)}
      aria-current={isHere ? 'page' : undefined}
      aria-label={props.isOpen ? undefined : props.label}
    >
      {props.children}
      {props.isOpen && props.label}
    </Link>
  );
  if (props.isOpen) return link;
  return (
    <Tooltip content={props.label} relationship="description" positioning="after">
      {link}
    </Tooltip>
  );
}
