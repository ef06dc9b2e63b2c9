/** What a month costs: in sum, by vault and by machine. */
import {
  Button,
  Dropdown,
  Field,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  Option,
  makeStyles,
} from '@fluentui/react-components';
import { MoneyRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { NO_CURRENCY, costsQuery, ratesQuery } from '../../api/costs';
import type { Cost } from '../../api/costs';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { Tile, Tiles } from '../../parts/Tile';
import { Waiting } from '../../parts/Waiting';
import { useNumbers } from '../../text/numbers';
import { LOCALE, useLanguage, useText } from '../../text/text';
import { CostTables } from './CostTables';
import { useMoney } from './money';
import { months } from './months';
import { text } from './text';

const useStyles = makeStyles({
  month: { maxWidth: '240px', marginBottom: '16px' },
  bar: { marginBottom: '16px' },
});

export function PeriodCosts({ onSetRates }: { onSetRates: () => void }) {
  const styles = useStyles();
  const t = useText(text);
  const locale = LOCALE[useLanguage()];
  const [all] = useState(() => months());
  const [from, setFrom] = useState(all[0]?.from ?? '');
  const period = all.find((one) => one.from === from) ?? { from, to: from };
  const costs = useQuery(costsQuery(period));
  const rates = useQuery(ratesQuery).data;
  const called = (from: string) =>
    new Date(from).toLocaleDateString(locale, { month: 'long', year: 'numeric', timeZone: 'UTC' });
  return (
    <>
      <Field label={t.month} className={styles.month}>
        <Dropdown
          value={called(from)}
          selectedOptions={[from]}
          onOptionSelect={(_, { optionValue }) => setFrom(optionValue ?? from)}
        >
          {all.map((one) => (
            <Option key={one.from} value={one.from}>
              {called(one.from)}
            </Option>
          ))}
        </Dropdown>
      </Field>
      {rates?.properties.currency === NO_CURRENCY && (
        <MessageBar intent="info" layout="multiline" className={styles.bar}>
          <MessageBarBody>
            <MessageBarTitle>{t.noRates}</MessageBarTitle>
            {t.noRatesWhy}
          </MessageBarBody>
          <MessageBarActions>
            <Button onClick={onSetRates}>{t.setRates}</Button>
          </MessageBarActions>
        </MessageBar>
      )}
      {costs.error && <Failure error={costs.error} retry={() => void costs.refetch()} />}
      {costs.isPending && <Waiting />}
      {costs.data?.length === 0 && <Empty icon={MoneyRegular} title={t.none} body={t.noneBody} />}
      {costs.data && costs.data.length > 0 && (
        <>
          <Sums costs={costs.data} />
          <CostTables costs={costs.data} />
        </>
      )}
    </>
  );
}

const sum = (costs: Cost[], of: (properties: Cost['properties']) => number) =>
  costs.reduce((all, one) => all + of(one.properties), 0);

function Sums({ costs }: { costs: Cost[] }) {
  const t = useText(text);
  const { count } = useNumbers();
  const money = useMoney();
  const currency = costs[0]?.properties.currency ?? NO_CURRENCY;
  const amount = (of: (properties: Cost['properties']) => number) =>
    money(sum(costs, of), currency);
  return (
    <Tiles>
      <Tile
        label={t.instances}
        value={count(sum(costs, (p) => p.items.length))}
        note={t.instancesNote}
      />
      <Tile label={t.total} value={amount((p) => p.cost)} note={t.totalNote} />
      <Tile
        label={t.ofInstances}
        value={amount((p) => p.instancesCost)}
        note={t.billed(count(sum(costs, (p) => p.items.reduce((n, i) => n + i.instances, 0))))}
      />
      <Tile
        label={t.ofVault}
        value={amount((p) => p.vaultCost)}
        note={t.gbMonths(count(round(sum(costs, (p) => p.vaultGbMonths))))}
      />
      <Tile
        label={t.ofSnapshots}
        value={amount((p) => p.snapshotsCost)}
        note={t.gbMonths(count(round(sum(costs, (p) => p.snapshotGbMonths))))}
      />
    </Tiles>
  );
}

const round = (n: number) => Math.round(n * 100) / 100;
