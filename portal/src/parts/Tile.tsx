/** A number that leads to what it counts. */
import { Card, Spinner, makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ON_PHONE } from '../frame/width';

const useStyles = makeStyles({
  tiles: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(200px, 1fr))',
    gap: '12px',
    margin: '0 0 24px',
    [ON_PHONE]: { gridTemplateColumns: 'repeat(2, minmax(0, 1fr))', gap: '8px' },
  },
  link: { textDecorationLine: 'none', color: 'inherit', display: 'block', height: '100%' },
  card: {
    height: '100%',
    rowGap: '4px',
    ':hover': { boxShadow: tokens.shadow8 },
  },
  label: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase300 },
  value: {
    fontSize: tokens.fontSizeHero700,
    lineHeight: tokens.lineHeightHero700,
    fontWeight: tokens.fontWeightSemibold,
  },
  note: {
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    minHeight: '16px',
  },
});

export function Tiles({ children }: { children: ReactNode }) {
  return <div className={useStyles().tiles}>{children}</div>;
}

export function Tile(props: { label: string; value: ReactNode; note?: ReactNode; to?: string }) {
  const styles = useStyles();
  const card = (
    <Card className={styles.card} appearance="outline">
      <div className={styles.label}>{props.label}</div>
      <div className={styles.value}>{props.value ?? <Spinner size="tiny" />}</div>
      <div className={styles.note}>{props.note}</div>
    </Card>
  );
  if (!props.to) return card;
  return (
    <Link href={props.to} className={styles.link}>
      {card}
    </Link>
  );
}
