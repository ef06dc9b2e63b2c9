/** How everything stands, or one vault: counts, and what somebody should look at first. */
import { queryOptions } from '@tanstack/react-query';
import { link } from './client';
import { subscriptionId } from './subscription';
import { vaultId } from './vaults';

export interface MachineCounts {
  total: number;
  protected: number;
  stopped: number;
  unprotected: number;
  gone: number;
  inConflict: number;
}

export interface ItemCounts {
  total: number;
  byState: Record<string, number>;
  initialBackupPending: number;
  lastBackupFailed: number;
  lastBackupWithWarnings: number;
  downgraded: number;
  pointsMissed: number;
  stopped: number;
  softDeleted: number;
}

export interface JobCounts {
  inProgress: number;
  last24Hours: {
    completed: number;
    completedWithWarnings: number;
    failed: number;
    cancelled: number;
  };
}

/** A pool or a snapshot store, and how full it is. */
export interface StoragePlace {
  kind: 'VaultPool' | 'SnapshotStore';
  id: string;
  name: string;
  folder: string;
  freeBytes: number;
  totalBytes: number;
  usedPercent: number;
  nearlyFull: boolean;
}

export type AttentionKind =
  | 'StorageNearlyFull'
  | 'HostUnreachable'
  | 'LastBackupFailed'
  | 'PointsMissed'
  | 'MachineInConflict'
  | 'InitialBackupPending'
  | 'ConsistencyDowngraded'
  | 'MachineUnprotected'
  | 'KeyNotExported';

/** Something that somebody should look at. */
export interface Attention {
  kind: AttentionKind;
  severity: 'Critical' | 'Warning' | 'Informational';
  /** The id of what it is about, and its name. */
  resourceId: string;
  name: string;
  vaultName?: string | null;
  since?: string | null;
  code?: string | null;
  detail: string;
  recommendation?: string | null;
}

export interface Overview {
  /** Absent where they may not be seen. */
  machines?: MachineCounts | null;
  items: ItemCounts;
  jobs: JobCounts;
  alerts?: Record<'critical' | 'warning' | 'informational', number> | null;
  vaults: number;
  /** Items with at least one point (PRICE-3). */
  protectedInstances: number;
  /** The fullest place first. */
  storage: { nearlyFull: number; places: StoragePlace[] };
  attention: Attention[];
}

const AT = 'providers/Stillpoint.Fabric/overview/default';

const read = async (scope: string) =>
  (await link<{ properties: Overview }>(`${scope}/${AT}`)).data.properties;

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
