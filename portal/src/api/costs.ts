/** What protection costs: rates, a period, an estimate (PRICE-1 to 12). */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { subscriptionId } from './subscription';

export type Cost = Schemas['Cost'];
export type CostItem = Cost['properties']['items'][number];
export type Rates = Schemas['Rates'];
export type Estimate = Schemas['CostEstimate']['properties'];
export type StorageClass = Estimate['redundancy'];

/** All that is asked of costs begins with this key. */
export const COSTS = 'costs';

export const RATES_WRITE = 'Stillpoint.Fabric/rates/write';

export const CLASSES: readonly StorageClass[] = [
  'LocallyRedundant',
  'ZoneRedundant',
  'GeoRedundant',
  'ReadAccessGeoRedundant',
];

/** The currency as long as nobody has said one. */
export const NO_CURRENCY = 'XXX';

/** A period of whole days of UTC: `2026-11-01`. */
export interface Period {
  from: string;
  to: string;
}

/** What a period costs, by vault. */
export const costsQuery = ({ from, to }: Period) =>
  queryOptions({
    queryKey: [COSTS, from, to],
    queryFn: async () => {
      const filter = encodeURIComponent(`from eq '${from}' and to eq '${to}'`);
      const at = `${await subscriptionId()}/providers/Stillpoint.Fabric/costs?$filter=${filter}`;
      return (await link<{ value: Cost[] }>(at)).data.value;
    },
  });

export const ratesPath = (subscription: string) =>
  `${subscription}/providers/Stillpoint.Fabric/rates/default`;

export const ratesQuery = queryOptions({
  queryKey: [COSTS, 'rates'],
  queryFn: async () => (await link<Rates>(ratesPath(await subscriptionId()))).data,
});

export type RatesBody = Schemas['RatesInput'];

export const putRates = async (body: RatesBody) =>
  void (await link(ratesPath(await subscriptionId()), { method: 'PUT', body }));

/** What an estimate goes by (PRICE-11). */
export type EstimateBody = Schemas['CostEstimateInput'];

export const estimatePath = (subscription: string) =>
  `${subscription}/providers/Stillpoint.Fabric/estimateCost`;

/** A month of machines alike, once retention has filled up. */
export const estimateQuery = (body: EstimateBody) =>
  queryOptions({
    queryKey: [COSTS, 'estimate', body],
    queryFn: async () => {
      const at = estimatePath(await subscriptionId());
      return (await link<{ properties: Estimate }>(at, { method: 'POST', body })).data.properties;
    },
  });
