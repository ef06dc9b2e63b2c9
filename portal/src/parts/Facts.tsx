/** Names and values under each other: what a resource is. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { Fragment } from 'react';
import type { ReactNode } from 'react';
import { ON_PHONE } from '../frame/width';

const useStyles = makeStyles({
  list: {
    display: 'grid',
    gridTemplateColumns: 'repeat(2, minmax(120px, max-content) minmax(0, 1fr))',
    columnGap: '16px',
    rowGap: '6px',
    margin: '0 0 16px',
    [ON_PHONE]: { gridTemplateColumns: 'minmax(100px, max-content) minmax(0, 1fr)' },
  },
  single: { gridTemplateColumns: 'minmax(120px, max-content) minmax(0, 1fr)' },
  name: { color: tokens.colorNeutralForeground3 },
  value: { margin: 0, overflowWrap: 'anywhere' },
});

/** Pairs; one whose value is undefined is left out. */
export function Facts(props: { of: [name: string, value: ReactNode][]; isSingle?: boolean }) {
  const styles = useStyles();
  return (
    <dl className={mergeClasses(styles.list, props.isSingle && styles.single)}>
      {props.of
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => (
          <Fragment key={name}>
            <dt className={styles.name}>{name}</dt>
            <dd className={styles.value}>{value}</dd>
          </Fragment>
        ))}
    </dl>
  );
}
