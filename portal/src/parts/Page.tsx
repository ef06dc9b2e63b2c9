/** A page: breadcrumb, title, command bar, content. */
import {
  Breadcrumb,
  BreadcrumbButton,
  BreadcrumbDivider,
  BreadcrumbItem,
  Title2,
  Toolbar,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { Fragment, useEffect } from 'react';
import type { ReactNode } from 'react';
import { useLocation, useRouter } from 'wouter';
import { text } from '../frame/text';
import { ON_PHONE } from '../frame/width';
import { useText } from '../text/text';

export interface Crumb {
  label: string;
  path: string;
}

const useStyles = makeStyles({
  page: { padding: '8px 24px 32px', maxWidth: '1600px', [ON_PHONE]: { padding: '4px 12px 24px' } },
  crumbs: { overflowX: 'auto' },
  head: { padding: '4px 0 8px' },
  sub: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  commands: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: '4px',
    padding: '2px 0',
    margin: '0 0 12px',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
});

/**
 * `crumbs` are the pages above this one, Home apart; Home itself has none. `commands` are {@link Command}s. A page in a
 * resource's menu has that around it instead (`ResourceLayout`).
 */
export function Page(props: {
  title: string;
  subtitle?: ReactNode;
  crumbs?: Crumb[];
  isHome?: boolean;
  commands?: ReactNode;
  children: ReactNode;
}) {
  const styles = useStyles();
  useTitle(props.title);
  return (
    <div className={styles.page}>
      {!props.isHome && <Crumbs crumbs={props.crumbs ?? []} here={props.title} />}
      <div className={styles.head}>
        <Title2 as="h1">{props.title}</Title2>
        {props.subtitle && <div className={styles.sub}>{props.subtitle}</div>}
      </div>
      <Commands>{props.commands}</Commands>
      {props.children}
    </div>
  );
}

/** What the browser's tab says. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} – Stillpoint`;
  }, [title]);
}

/** The bar of what can be done on a page. */
export function Commands({ children }: { children: ReactNode }) {
  const styles = useStyles();
  const t = useText(text);
  if (!children) return null;
  return (
    <Toolbar className={styles.commands} aria-label={t.commands} size="small">
      {children}
    </Toolbar>
  );
}

export function Crumbs({ crumbs, here }: { crumbs: Crumb[]; here: string }) {
  const styles = useStyles();
  const t = useText(text);
  const [, go] = useLocation();
  const { base } = useRouter();
  return (
    <Breadcrumb className={styles.crumbs} size="small" aria-label={t.breadcrumb}>
      {[{ label: t.home, path: '/' }, ...crumbs].map(({ label, path }) => (
        <Fragment key={path}>
          <BreadcrumbItem>
            <BreadcrumbButton
              as="a"
              href={base + path}
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                event.preventDefault();
                go(path);
              }}
            >
              {label}
            </BreadcrumbButton>
          </BreadcrumbItem>
          <BreadcrumbDivider />
        </Fragment>
      ))}
      <BreadcrumbItem>
        <BreadcrumbButton current>{here}</BreadcrumbButton>
      </BreadcrumbItem>
    </Breadcrumb>
  );
}
