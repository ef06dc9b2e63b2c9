/** What shades and marks of the heat map mean. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import type { Consistency } from '../../api/points';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { FAILED, MARKS } from './heat';
import type { Tier } from './heat';
import { useCellStyles } from './cell';
import { text } from './text';

const useStyles = makeStyles({
  list: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: '16px',
    rowGap: '4px',
    margin: 0,
    padding: 0,
    listStyleType: 'none',
    fontSize: tokens.fontSizeBase200,
  },
  one: { display: 'flex', alignItems: 'center', gap: '6px' },
  cell: { width: '18px', flexGrow: 0 },
});

const TIERS: readonly Tier[] = ['snapshot', 'vault', 'both'];
const KINDS = Object.keys(MARKS) as Consistency[];

export function HeatLegend() {
  const styles = useStyles();
  const cells = useCellStyles();
  const t = useText(text);
  const terms = useTerms();
  return (
    <ul className={styles.list} aria-label={t.legend}>
      {KINDS.map((kind) => (
        <li key={kind} className={styles.one}>
          <span aria-hidden>{MARKS[kind]}</span> {terms.consistency[kind]}
        </li>
      ))}
      {TIERS.map((tier) => (
        <li key={tier} className={styles.one}>
          <span aria-hidden className={mergeClasses(cells.cell, cells[tier], styles.cell)} />
          {t.tierOf[tier]}
        </li>
      ))}
      <li className={styles.one}>
        <span aria-hidden className={mergeClasses(cells.cell, styles.cell)} /> {t.noPoint}
      </li>
      <li className={styles.one}>
        <span aria-hidden className={mergeClasses(cells.cell, cells.failed, styles.cell)}>
          {FAILED}
        </span>{' '}
        {t.ended.Failed}
      </li>
    </ul>
  );
}
