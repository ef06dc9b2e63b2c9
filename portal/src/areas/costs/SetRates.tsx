/** Sets the rates that costs go by. */
import { Field, Input, Text } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import {
  CLASSES,
  NO_CURRENCY,
  RATES_WRITE,
  putRates,
  ratesPath,
  ratesQuery,
} from '../../api/costs';
import type { Rates, RatesBody, StorageClass } from '../../api/costs';
import { TOUCHED } from '../../frame/touched';
import { Failure } from '../../parts/Failure';
import { FormPanel } from '../../parts/FormPanel';
import { Panel } from '../../parts/Panel';
import { Waiting } from '../../parts/Waiting';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { wordOf } from './estimate';
import { text } from './text';

type Name = 'instance' | 'snapshot' | StorageClass;
const NAMES: readonly Name[] = ['instance', ...CLASSES, 'snapshot'];

const isRate = (typed: string) => /^\d+(\.\d{1,6})?$/.test(typed) && Number(typed) <= 1e9;

export function SetRates(props: { subscription: string; onClose: () => void }) {
  const t = useText(text);
  const rates = useQuery(ratesQuery);
  if (rates.data) return <Form {...props} rates={rates.data} />;
  return (
    <Panel title={t.setRates} onClose={props.onClose}>
      {rates.error ? <Failure error={rates.error} /> : <Waiting />}
    </Panel>
  );
}

function Form(props: { subscription: string; rates: Rates; onClose: () => void }) {
  const { subscription } = props;
  const before = props.rates.properties;
  const t = useText(text);
  const terms = useTerms();
  const [currency, setCurrency] = useState(before.currency === NO_CURRENCY ? '' : before.currency);
  const [draft, setDraft] = useState<Record<Name, string>>(() => ({
    instance: String(before.protectedInstance),
    snapshot: String(before.snapshotGb),
    LocallyRedundant: String(before.vaultGb.LocallyRedundant ?? 0),
    ZoneRedundant: String(before.vaultGb.ZoneRedundant ?? 0),
    GeoRedundant: String(before.vaultGb.GeoRedundant ?? 0),
    ReadAccessGeoRedundant: String(before.vaultGb.ReadAccessGeoRedundant ?? 0),
  }));
  const label = (name: Name) =>
    name === 'instance'
      ? t.perInstance
      : name === 'snapshot'
        ? t.perSnapshotGb
        : t.perGb(t.classes[name]);
  const wrongCurrency = /^[A-Z]{3}$/.test(currency) ? undefined : t.currencyWrong;
  const isGood = NAMES.every((name) => isRate(draft[name]));
  const body: RatesBody = {
    properties: {
      currency,
      protectedInstance: Number(draft.instance),
      snapshotGb: Number(draft.snapshot),
      vaultGb: Object.fromEntries(CLASSES.map((one) => [one, Number(draft[one])])),
    },
  };
  const gb = CLASSES.map((one) => `${wordOf(one)}=${draft[one]}`).join(',');
  return (
    <FormPanel
      title={t.setRates}
      label={terms.save}
      told={{ begun: t.saving, done: t.saved, failed: t.notSaved }}
      work={() => putRates(body)}
      touches={TOUCHED.costs}
      needs={{ action: RATES_WRITE, on: subscription }}
      refused={wrongCurrency ?? (isGood ? undefined : t.rateWrong)}
      equal={{
        stillpoint: `stillpoint cost rates --currency ${currency || 'EUR'} --instance ${draft.instance} --gb ${gb} --snapshot-gb ${draft.snapshot}`,
        rest: { method: 'PUT', path: ratesPath(subscription), body },
      }}
      onClose={props.onClose}
    >
      <Text>{t.ratesWhy}</Text>
      <Field
        label={t.currency}
        hint={t.currencyHint}
        required
        validationMessage={currency ? wrongCurrency : undefined}
      >
        <Input
          value={currency}
          onChange={(_, { value }) => setCurrency(value.trim().toUpperCase())}
        />
      </Field>
      {NAMES.map((name) => (
        <Field
          key={name}
          label={label(name)}
          validationMessage={isRate(draft[name]) ? undefined : t.rateWrong}
        >
          <Input
            inputMode="decimal"
            value={draft[name]}
            onChange={(_, { value }) => setDraft({ ...draft, [name]: value.trim() })}
          />
        </Field>
      ))}
    </FormPanel>
  );
}
