/** Points by tier and consistency. */
import { Dropdown, Option, makeStyles } from '@fluentui/react-components';
import { useCallback, useState } from 'react';
import { tierOf } from '../../api/points';
import type { Consistency, Point, Tier } from '../../api/points';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { CONSISTENCIES, TIERS } from './signs';
import { text } from './text';

export interface PointFilter {
  tier?: Tier;
  consistency?: Consistency;
}

/** A point that is in both places fits either. */
export const fits = (point: Point, { tier, consistency }: PointFilter) => {
  const is = tierOf(point);
  return (
    (!tier || is === tier || (is === 'both' && tier !== 'both')) &&
    (!consistency || point.properties.recoveryPointType === consistency)
  );
};

export function usePointFilter() {
  const [filter, setFilter] = useState<PointFilter>({});
  const fit = useCallback((point: Point) => fits(point, filter), [filter]);
  return { filter, setFilter, fit };
}

const useStyles = makeStyles({
  all: { display: 'flex', flexWrap: 'wrap', gap: '8px' },
  choice: { minWidth: '180px' },
});

export function PointFilters(props: {
  value: PointFilter;
  onChange: (filter: PointFilter) => void;
}) {
  const { value, onChange } = props;
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  return (
    <div className={styles.all}>
      <Dropdown
        className={styles.choice}
        aria-label={t.tier}
        value={value.tier ? terms.tier[value.tier] : t.allTiers}
        selectedOptions={[value.tier ?? '']}
        onOptionSelect={(_, { optionValue }) =>
          onChange({ ...value, tier: (optionValue || undefined) as Tier | undefined })
        }
      >
        <Option value="">{t.allTiers}</Option>
        {TIERS.map((tier) => (
          <Option key={tier} value={tier}>
            {terms.tier[tier]}
          </Option>
        ))}
      </Dropdown>
      <Dropdown
        className={styles.choice}
        aria-label={t.consistency}
        value={value.consistency ? terms.consistency[value.consistency] : t.allConsistencies}
        selectedOptions={[value.consistency ?? '']}
        onOptionSelect={(_, { optionValue }) =>
          onChange({ ...value, consistency: (optionValue || undefined) as Consistency | undefined })
        }
      >
        <Option value="">{t.allConsistencies}</Option>
        {CONSISTENCIES.map((consistency) => (
          <Option key={consistency} value={consistency}>
            {terms.consistency[consistency]}
          </Option>
        ))}
      </Dropdown>
    </div>
  );
}
