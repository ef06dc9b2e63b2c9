/** The rates that costs go by. */
import { Text } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { CLASSES, NO_CURRENCY, ratesQuery } from '../../api/costs';
import { Facts } from '../../parts/Facts';
import { Failure } from '../../parts/Failure';
import { Waiting } from '../../parts/Waiting';
import { useNumbers } from '../../text/numbers';
import { useText } from '../../text/text';
import { text } from './text';

export function RatesView() {
  const t = useText(text);
  const { rate: digits } = useNumbers();
  const { data, error } = useQuery(ratesQuery);
  if (error) return <Failure error={error} />;
  if (!data) return <Waiting />;
  const { currency, protectedInstance, vaultGb, snapshotGb } = data.properties;
  const isSet = currency !== NO_CURRENCY;
  const rate = (n: number | undefined) =>
    n === undefined ? t.notSet : isSet ? `${digits(n)} ${currency}` : digits(n);
  return (
    <>
      <Facts
        isSingle
        of={[
          [t.currency, isSet ? currency : t.notSet],
          [t.perInstance, rate(protectedInstance)],
          ...CLASSES.map((one): [string, string] => [t.perGb(t.classes[one]), rate(vaultGb[one])]),
          [t.perSnapshotGb, rate(snapshotGb)],
        ]}
      />
      <Text>{t.ratesWhy}</Text>
    </>
  );
}
