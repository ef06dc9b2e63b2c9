/** A vault's settings: redundancy and soft delete, each in a resource of its own. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { vaultId } from './vaults';

export type StorageConfig = Schemas['StorageConfig'];
export type VaultConfig = Schemas['VaultConfig'];
export type Redundancy = StorageConfig['properties']['storageModelType'];
export type SoftDelete = VaultConfig['properties']['softDeleteFeatureState'];

export const REDUNDANCIES: readonly Redundancy[] = [
  'GeoRedundant',
  'LocallyRedundant',
  'ZoneRedundant',
];

/** For how many days what is deleted may be kept. */
export const SOFT_DELETE_DAYS = { least: 14, most: 180 } as const;

export const SETTINGS_ACTION = {
  redundancy: 'Microsoft.RecoveryServices/vaults/backupstorageconfig/write',
  softDelete: 'Microsoft.RecoveryServices/vaults/backupconfig/write',
  /** Asked for besides, where deleted data would be kept for less than now. */
  lowerSoftDelete: 'Microsoft.RecoveryServices/vaults/backupconfig/lowerSoftDelete/action',
} as const;

export const storageConfigPath = (vault: string) =>
  `${vault}/backupstorageconfig/vaultstorageconfig`;
export const vaultConfigPath = (vault: string) => `${vault}/backupconfig/vaultconfig`;

const key = (group: string, vault: string, name: string) =>
  ['vaults', group.toLowerCase(), vault.toLowerCase(), name] as const;

export const storageConfigQuery = (group: string, vault: string) =>
  queryOptions({
    queryKey: key(group, vault, 'storageConfig'),
    queryFn: async () =>
      (await link<StorageConfig>(storageConfigPath(await vaultId(group, vault)))).data,
  });

export const vaultConfigQuery = (group: string, vault: string) =>
  queryOptions({
    queryKey: key(group, vault, 'vaultConfig'),
    queryFn: async () =>
      (await link<VaultConfig>(vaultConfigPath(await vaultId(group, vault)))).data,
  });

export const redundancyBody = (storageModelType: Redundancy) => ({
  properties: { storageModelType },
});

export const setRedundancy = async (vault: string, redundancy: Redundancy) =>
  void (await link(storageConfigPath(vault), { method: 'PUT', body: redundancyBody(redundancy) }));

export const softDeleteBody = (state: SoftDelete, days: number) => ({
  properties: { softDeleteFeatureState: state, softDeleteRetentionPeriodInDays: days },
});

export const setSoftDelete = async (vault: string, state: SoftDelete, days: number) =>
  void (await link(vaultConfigPath(vault), {
    method: 'PATCH',
    body: softDeleteBody(state, days),
  }));
