/** Recovery points of an item, and restores from them. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import type { Item } from './items';
import { ended } from './operations';
import { every } from './paged';

export type Point = Schemas['RecoveryPoint'];
export type RestoreInput = Schemas['RestoreInput']['properties'];
export type Consistency = Point['properties']['recoveryPointType'];
export type Tier = 'snapshot' | 'vault' | 'both';

/** All that is asked of points begins with this key. */
export const POINTS = 'points';

/** Where a point is. */
export function tierOf(point: Point): Tier {
  const valid = point.properties.recoveryPointTierDetails
    .filter((tier) => tier.status === 'Valid')
    .map((tier) => tier.type);
  if (valid.includes('InstantRP')) return valid.includes('HardenedRP') ? 'both' : 'snapshot';
  return 'vault';
}

/** The path of an item's points, newest first; of some time, if one is given. */
export function pointsPath(item: string, from?: Date, to?: Date): string {
  const said = [
    from && `startDate eq '${from.toISOString()}'`,
    to && `endDate eq '${to.toISOString()}'`,
  ].filter(Boolean);
  const filter = said.length ? `?$filter=${encodeURIComponent(said.join(' and '))}` : '';
  return `${item}/recoveryPoints${filter}`;
}

/** All points of a span of time: a month's, which a policy bounds. */
export const pointsBetweenQuery = (item: string, from: Date, to: Date) =>
  queryOptions({
    queryKey: [POINTS, item.toLowerCase(), from.valueOf(), to.valueOf()],
    queryFn: () => every<Point>(pointsPath(item, from, to)),
    staleTime: 15_000,
  });

export const pointQuery = (item: string, point: string) =>
  queryOptions({
    queryKey: [POINTS, item.toLowerCase(), point],
    queryFn: async () => (await link<Point>(`${item}/recoveryPoints/${point}`)).data,
  });

/** The body of a restore, as other clients of Azure's API write it. */
export const restoreBody = (item: Item, point: Point, asked: RestoreInput) => ({
  properties: {
    objectType: 'IaasVMRestoreRequest',
    recoveryPointId: point.name,
    sourceResourceId: item.properties.sourceResourceId,
    ...asked,
  },
});

/** Starts a restore, and gives the job's id. */
export async function restore(item: Item, point: Point, asked: RestoreInput) {
  const at = `${point.id}/restore`;
  const body = restoreBody(item, point, asked);
  return ended((await link(at, { method: 'POST', body })).response);
}
