/** Where data lies: vault pools, and folders that disks are restored into. */
import type { Schemas } from './client';
import { link } from './client';

export type VaultPool = Schemas['VaultPool'];
export type RestoreFolder = Schemas['RestoreFolder'];

/** All that is asked of them begins with these keys. */
export const POOLS = 'vaultPools';
export const FOLDERS = 'restoreFolders';

export const STORAGE_ACTION = {
  poolWrite: 'Stillpoint.Fabric/vaultPools/write',
  poolDelete: 'Stillpoint.Fabric/vaultPools/delete',
  folderWrite: 'Stillpoint.Fabric/restoreFolders/write',
  folderDelete: 'Stillpoint.Fabric/restoreFolders/delete',
} as const;

export const poolsPath = (subscription: string) =>
  `${subscription}/providers/Stillpoint.Fabric/vaultPools`;

export const poolPath = (subscription: string, name: string) =>
  `${poolsPath(subscription)}/${encodeURIComponent(name)}`;

/** Those of a subscription, or of a group. */
export const foldersPath = (scope: string) => `${scope}/providers/Stillpoint.Fabric/restoreFolders`;

export const folderPath = (group: string, name: string) =>
  `${foldersPath(group)}/${encodeURIComponent(name)}`;

export type PoolBody = Schemas['VaultPoolInput'];
export type FolderBody = Schemas['RestoreFolderInput'];

/** Makes one of these, or changes it. */
export const put = async (path: string, body: PoolBody | FolderBody) =>
  void (await link(path, { method: 'PUT', body }));

export const remove = async (path: string) => void (await link(path, { method: 'DELETE' }));
