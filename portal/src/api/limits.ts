/** How many of a thing there may be (LIMIT-1, 2; POLICY-25, 26; RESTORE-17). */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { every } from './paged';
import { subscriptionId } from './subscription';

export type Limit = Schemas['Limit'];

/** All that is asked of limits begins with this key. */
export const LIMITS = 'limits';

export const LIMIT_ACTION = {
  write: 'Stillpoint.Fabric/limits/write',
  delete: 'Stillpoint.Fabric/limits/delete',
} as const;

export const limitsQuery = queryOptions({
  queryKey: [LIMITS],
  queryFn: async () => every<Limit>(`${await subscriptionId()}/providers/Stillpoint.Fabric/limits`),
});

export const limitBody = (most: number) => ({ properties: { most } });

export const setLimit = async (limit: Limit, most: number) =>
  void (await link(limit.id, { method: 'PUT', body: limitBody(most) }));

export const resetLimit = async (limit: Limit) => void (await link(limit.id, { method: 'DELETE' }));
