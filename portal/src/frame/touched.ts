/** What is out of date after a change, as the first words of queries' keys. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { ACCESS } from '../api/access';
import { ALERTS } from '../api/alerts';
import { COLLECTIONS } from '../api/collections';
import { COSTS } from '../api/costs';
import { GROUPS } from '../api/groups';
import { HOSTS } from '../api/hosts';
import { ITEMS } from '../api/items';
import { JOBS } from '../api/jobs';
import { LIMITS } from '../api/limits';
import { MACHINES } from '../api/machines';
import { POINTS } from '../api/points';
import { RESOURCES } from '../api/resources';
import { FOLDERS, POOLS } from '../api/storage';

/** By what is changed. */
export const TOUCHED = {
  item: [
    ITEMS,
    JOBS,
    POINTS,
    MACHINES,
    ALERTS,
    COSTS,
    COLLECTIONS,
    'overview',
    'vaults',
    'policies',
    'heatMap',
    'validation',
    'protectable',
  ],
  policy: ['policies', ITEMS, 'overview'],
  vault: ['vaults', GROUPS, RESOURCES, ALERTS, 'overview'],
  group: [GROUPS, RESOURCES],
  lock: ['locks'],
  alert: [ALERTS, 'overview'],
  host: [HOSTS, MACHINES, 'overview', 'networks'],
  pool: [POOLS, 'overview'],
  folder: [FOLDERS, 'accounts', RESOURCES],
  snapshots: [COLLECTIONS, POINTS, RESOURCES, GROUPS],
  access: [ACCESS, 'permissions'],
  limits: [LIMITS],
  costs: [COSTS],
} as const;

/** Has read anew what begins with these words. */
export function useRefreshed() {
  const client = useQueryClient();
  return useCallback(
    (touched: readonly unknown[]) =>
      client.invalidateQueries({ predicate: ({ queryKey }) => touched.includes(queryKey[0]) }),
    [client],
  );
}
