/** How everything stands, or one vault: counts, and what somebody should look at first. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { subscriptionId } from './subscription';
import { vaultId } from './vaults';

/** Something that somebody should look at. */
export type Attention = Schemas['Attention'];

export type AttentionKind = Attention['kind'] | 'KeyNotExported';

export type Overview = Schemas['Overview']['properties'];

const AT = 'providers/Stillpoint.Fabric/overview/default';

const read = async (scope: string) =>
  (await link<Schemas['Overview']>(`${scope}/${AT}`)).data.properties;

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: async () => read(await subscriptionId()),
  refetchInterval: 15_000,
});

export const vaultOverviewQuery = (group: string, vault: string) =>
  queryOptions({
    queryKey: ['overview', group.toLowerCase(), vault.toLowerCase()],
    queryFn: async () => read(await vaultId(group, vault)),
    refetchInterval: 15_000,
  });
