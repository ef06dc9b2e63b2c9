/** What machines would cost: the fields at the left, what they come to at the right (PRICE-11). */
import {
  Card,
  Dropdown,
  Field,
  Input,
  Option,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { CLASSES, estimatePath, estimateQuery } from '../../api/costs';
import type { Estimate, EstimateBody, StorageClass } from '../../api/costs';
import { Equal } from '../../parts/Equal';
import { Facts } from '../../parts/Facts';
import { Failure } from '../../parts/Failure';
import { useStill } from '../../parts/useStill';
import { Waiting } from '../../parts/Waiting';
import { useNumbers } from '../../text/numbers';
import { useText } from '../../text/text';
import { BOUNDS, FIELDS, FIRST, bodyOf, equalOf, isGood } from './estimate';
import type { FieldName } from './estimate';
import { useMoney } from './money';
import { text } from './text';

const useStyles = makeStyles({
  both: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 760px) minmax(0, 340px)',
    gap: '32px',
    alignItems: 'start',
    '@media (max-width: 1000px)': { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  fields: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(220px, 100%), 1fr))',
    alignItems: 'start',
    gap: '12px 16px',
  },
  result: { minHeight: '240px' },
  choice: { minWidth: 0 },
  total: {
    fontSize: tokens.fontSizeHero800,
    lineHeight: tokens.lineHeightHero800,
    fontWeight: tokens.fontWeightSemibold,
  },
});

export function Estimator({ subscription }: { subscription: string }) {
  const styles = useStyles();
  const t = useText(text);
  const [draft, setDraft] = useState(FIRST);
  const [redundancy, setRedundancy] = useState<StorageClass>('GeoRedundant');
  const isReady = FIELDS.every((name) => isGood(name, draft[name]));
  const still = useStill(isReady ? JSON.stringify(bodyOf(draft, redundancy)) : '');
  const estimate = useQuery({
    ...estimateQuery(JSON.parse(still || '{}') as EstimateBody),
    enabled: still !== '',
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <p>{t.estimateWhy}</p>
      <div className={styles.both}>
        <div className={styles.fields}>
          {FIELDS.map((name) => (
            <NumberField
              key={name}
              name={name}
              value={draft[name]}
              onChange={(value) => setDraft({ ...draft, [name]: value.trim() })}
            />
          ))}
          <Field label={t.redundancy}>
            <Dropdown
              className={styles.choice}
              value={t.classes[redundancy]}
              selectedOptions={[redundancy]}
              onOptionSelect={(_, { optionValue }) => setRedundancy(optionValue as StorageClass)}
            >
              {CLASSES.map((one) => (
                <Option key={one} value={one}>
                  {t.classes[one]}
                </Option>
              ))}
            </Dropdown>
          </Field>
        </div>
        <Card appearance="outline" className={styles.result} aria-live="polite">
          {estimate.error && <Failure error={estimate.error} />}
          {estimate.data ? <Result of={estimate.data} /> : <Waiting />}
          {isReady && <Equal to={equalOf(draft, redundancy, estimatePath(subscription))} />}
        </Card>
      </div>
    </>
  );
}

function NumberField(props: { name: FieldName; value: string; onChange: (value: string) => void }) {
  const { name, value } = props;
  const t = useText(text);
  const { count } = useNumbers();
  const { least, most, isWhole } = BOUNDS[name];
  const wrong = isWhole ? t.whole(least, count(most)) : t.wrong(least, count(most));
  return (
    <Field label={t[name]} validationMessage={isGood(name, value) ? undefined : wrong}>
      <Input
        inputMode={isWhole ? 'numeric' : 'decimal'}
        value={value}
        onChange={(_, { value }) => props.onChange(value)}
      />
    </Field>
  );
}

function Result({ of }: { of: Estimate }) {
  const styles = useStyles();
  const t = useText(text);
  const { bytes, count } = useNumbers();
  const money = useMoney();
  return (
    <>
      <div>{t.perMonth}</div>
      <div className={styles.total}>{money(of.cost, of.currency)}</div>
      <Facts
        isSingle
        of={[
          [t.ofInstances, money(of.instancesCost, of.currency)],
          [t.rate, count(of.instances)],
          [t.ofVault, money(of.vaultCost, of.currency)],
          [t.inVault, bytes(of.vaultBytes)],
          [t.ofSnapshots, money(of.snapshotsCost, of.currency)],
          [t.inSnapshots, bytes(of.snapshotBytes)],
        ]}
      />
    </>
  );
}
