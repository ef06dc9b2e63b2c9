/** A tile with several numbers, each the way to what it counts. */
import {
  Card,
  Skeleton,
  SkeletonItem,
  Subtitle2,
  makeStyles,
  mergeClasses,
  tokens,
} from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { PageLink } from './PageLink';

export interface CountRow {
  label: string;
  /** Undefined as long as it is not known. */
  value: ReactNode;
  to?: string;
  /** Part of the row above it. */
  isPart?: boolean;
}

const useStyles = makeStyles({
  cards: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(100%, 280px), 1fr))',
    gap: '12px',
    margin: '0 0 24px',
  },
  card: { rowGap: '8px', alignContent: 'start' },
  title: { margin: 0 },
  list: { margin: 0, padding: 0, listStyleType: 'none' },
  row: {
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: '12px',
    minHeight: '32px',
    padding: '0 6px',
    margin: '0 -6px',
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
  },
  link: { ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover } },
  part: { color: tokens.colorNeutralForeground3, paddingLeft: '18px' },
  value: { fontWeight: tokens.fontWeightSemibold, whiteSpace: 'nowrap' },
  first: { fontSize: tokens.fontSizeBase500, lineHeight: tokens.lineHeightBase500 },
  wait: { width: '32px' },
});

export function CountCards({ children }: { children: ReactNode }) {
  return <div className={useStyles().cards}>{children}</div>;
}

export function CountCard(props: { title: string; to: string; rows: CountRow[] }) {
  const styles = useStyles();
  return (
    <Card className={styles.card} appearance="outline">
      <Subtitle2 as="h3" className={styles.title}>
        <PageLink to={props.to}>{props.title}</PageLink>
      </Subtitle2>
      <ul className={styles.list}>
        {props.rows.map((row, at) => (
          <li key={row.label}>
            <Row row={row} isFirst={at === 0} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Row({ row, isFirst }: { row: CountRow; isFirst: boolean }) {
  const styles = useStyles();
  const value = row.value ?? (
    <Skeleton>
      <SkeletonItem className={styles.wait} />
    </Skeleton>
  );
  const content = (
    <>
      <span>{row.label}</span>
      <span className={mergeClasses(styles.value, isFirst && styles.first)}>{value}</span>
    </>
  );
  const look = mergeClasses(styles.row, row.isPart && styles.part);
  if (!row.to) return <div className={look}>{content}</div>;
  return (
    <Link href={row.to} className={mergeClasses(look, styles.link)}>
      {content}
    </Link>
  );
}
