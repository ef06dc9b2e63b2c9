/** A resource's page: its own menu at the left, headed with its name, and the section chosen. */
import {
  Caption1Strong,
  Title2,
  makeStyles,
  mergeClasses,
  tokens,
} from '@fluentui/react-components';
import type { FluentIcon } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { ON_PHONE } from '../frame/width';
import type { Crumb } from './Page';
import { Commands, Crumbs, useTitle } from './Page';

export interface Section {
  /** The path below the resource's; empty for its overview. */
  path: string;
  label: string;
  icon: FluentIcon;
}

export interface SectionGroup {
  /** Such as "Settings"; none for what stands first. */
  label?: string;
  sections: Section[];
}

const useStyles = makeStyles({
  page: { padding: '8px 24px 32px', [ON_PHONE]: { padding: '4px 12px 24px' } },
  name: { overflowWrap: 'anywhere' },
  body: { display: 'flex', gap: '24px', [ON_PHONE]: { flexDirection: 'column', gap: '8px' } },
  menu: {
    width: '208px',
    flexShrink: 0,
    [ON_PHONE]: { width: '100%' },
  },
  lists: { [ON_PHONE]: { display: 'flex', overflowX: 'auto' } },
  group: {
    margin: '12px 0 4px 10px',
    color: tokens.colorNeutralForeground3,
    [ON_PHONE]: { display: 'none' },
  },
  list: { listStyleType: 'none', margin: 0, padding: 0, [ON_PHONE]: { display: 'flex' } },
  link: {
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    minHeight: '32px',
    padding: '0 10px',
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
    whiteSpace: 'nowrap',
    '& svg': { flexShrink: 0 },
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
  },
  here: {
    backgroundColor: tokens.colorNeutralBackground1Selected,
    fontWeight: tokens.fontWeightSemibold,
  },
  content: { flexGrow: 1, minWidth: 0 },
  kind: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  section: { display: 'block', margin: '4px 0 8px' },
});

export function ResourceLayout(props: {
  name: string;
  /** What it is: "Recovery Services vault". */
  kind: string;
  /** Its own path, below which the sections are. */
  path: string;
  crumbs: Crumb[];
  menu: SectionGroup[];
  /** The section that is shown, by its path. */
  section: string;
  /** What stands instead of the section's label, where the page is deeper than the menu. */
  title?: string;
  commands?: ReactNode;
  children: ReactNode;
}) {
  const styles = useStyles();
  const [here] = useLocation();
  const found = props.menu.flatMap((g) => g.sections).find((s) => s.path === props.section);
  const title = props.title ?? found?.label ?? props.name;
  useTitle(`${title} – ${props.name}`);
  const isDeep = props.section !== '' || props.title !== undefined;
  const crumbs = isDeep ? [...props.crumbs, { label: props.name, path: props.path }] : props.crumbs;
  return (
    <div className={styles.page}>
      <Crumbs crumbs={crumbs} here={isDeep ? title : props.name} />
      <div>
        <Title2 as="h1" className={styles.name}>
          {props.name}
          {isDeep && ` | ${title}`}
        </Title2>
        <div className={styles.kind}>{props.kind}</div>
      </div>
      <div className={styles.body}>
        <nav className={styles.menu} aria-label={props.name}>
          <div className={styles.lists}>
            {props.menu.map((group, at) => (
              <div key={group.label ?? at}>
                {group.label && (
                  <Caption1Strong as="h2" block className={styles.group}>
                    {group.label}
                  </Caption1Strong>
                )}
                <ul className={styles.list}>
                  {group.sections.map(({ path, label, icon: Icon }) => {
                    const to = props.path + (path && `/${path}`);
                    const isHere = path === props.section;
                    return (
                      <li key={path}>
                        <Link
                          href={to}
                          className={mergeClasses(styles.link, isHere && styles.here)}
                          aria-current={here === to ? 'page' : isHere ? 'true' : undefined}
                        >
                          <Icon aria-hidden fontSize={18} />
                          {label}
                        </Link>
                      </li>
                    );
                  })}
                </ul>
              </div>
            ))}
          </div>
        </nav>
        <div className={styles.content}>
          <Commands>{props.commands}</Commands>
          {props.children}
        </div>
      </div>
    </div>
  );
}
