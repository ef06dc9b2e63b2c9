/** Protected items: machines in a vault, with what is kept of them. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import type { Machine } from './ids';
import { nativeNames } from './ids';
import { ended } from './operations';
import { vaultId } from './vaults';

export type Item = Schemas['ProtectedItem'] & {
  /** What Azure's shape has no word for; lists over all vaults have it. */
  stillpoint?: Schemas['AnyProtectedItem']['stillpoint'];
};

/** All that is asked of items begins with this key. */
export const ITEMS = 'items';

/** The action names by which roles allow what is done to an item. */
const OF_ITEM =
  'Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems';
export const ITEM_ACTION = {
  write: `${OF_ITEM}/write`,
  stop: `${OF_ITEM}/stop/action`,
  delete: `${OF_ITEM}/delete`,
  backup: `${OF_ITEM}/backup/action`,
  restore: `${OF_ITEM}/recoveryPoints/restore/action`,
} as const;

/** What a list of items is asked for. */
export interface ItemFilter {
  vaultName?: string;
  nameContains?: string;
  protectionState?: string;
  lastBackupStatus?: string;
  isScheduledForDeferredDelete?: 'true' | 'false';
}

/** The path of a vault's items. */
export const itemsPath = (vault: string) => `${vault}/backupProtectedItems`;

/** The path of the items of all vaults, or of those that are asked for. */
export function allItemsPath(subscription: string, filter: ItemFilter) {
  const said = Object.entries(filter).filter((one): one is [string, string] => Boolean(one[1]));
  const text = said.map(([name, value]) => `${name} eq '${value.replaceAll("'", "''")}'`);
  const query = text.length ? `?$filter=${encodeURIComponent(text.join(' and '))}` : '';
  return `${subscription}/providers/Stillpoint.Fabric/protectedItems${query}`;
}

/** The id of a machine's item in a vault. */
export async function itemId(group: string, vault: string, machine: Machine) {
  const { fabric, container, item } = nativeNames(machine);
  const at = await vaultId(group, vault);
  return `${at}/backupFabrics/${fabric}/protectionContainers/${container}/protectedItems/${item}`;
}

/** The id of a policy in an item's vault. */
export const policyOf = (item: Item, policy: string) =>
  `${item.id.slice(0, item.id.indexOf('/backupFabrics/'))}/backupPolicies/${policy}`;

/** An item by itself: with its counts of points and its next run. */
export const itemQuery = (group: string, vault: string, machine: Machine) =>
  queryOptions({
    queryKey: [ITEMS, group, vault, machine.group, machine.machine].map((k) => k.toLowerCase()),
    queryFn: async () => (await link<Item>(await itemId(group, vault, machine))).data,
    refetchInterval: 15_000,
  });

/** How many items a vault has, soft-deleted ones too. */
export const itemCountQuery = (group: string, vault: string) =>
  queryOptions({
    queryKey: [ITEMS, 'count', group.toLowerCase(), vault.toLowerCase()],
    queryFn: async () => {
      const filter = encodeURIComponent("type eq 'BackupProtectedItemCountSummary'");
      const at = `${await vaultId(group, vault)}/backupUsageSummaries?$filter=${filter}`;
      const { data } = await link<{ value: { currentValue: number }[] }>(at);
      return data.value.reduce((sum, one) => sum + one.currentValue, 0);
    },
  });

/** What a change of an item is called for. */
export type Change = Omit<Schemas['ProtectedItemInput']['properties'], 'sourceResourceId'>;

/** The body of a change, as other clients of Azure's API write it. */
export const changeBody = (item: Item, change: Change) => ({
  properties: {
    protectedItemType: item.properties.protectedItemType,
    sourceResourceId: item.properties.sourceResourceId,
    ...change,
  },
});

/** Changes an item, and gives the id of the job that tells of it. */
export async function changeItem(item: Item, change: Change) {
  const { response } = await link(item.id, { method: 'PUT', body: changeBody(item, change) });
  return ended(response);
}

/** What deletes an item's points, with the reason that the activity log keeps (VAULT-20). */
export const deletePath = (item: Item, reason: string) =>
  reason ? `${item.id}?reason=${encodeURIComponent(reason)}` : item.id;

/** Deletes an item's points: at once, or after the days of soft delete. */
export const deleteItem = async (item: Item, reason: string) =>
  ended((await link(deletePath(item, reason), { method: 'DELETE' })).response);

export const backupBody = (until: Date) => ({
  properties: {
    objectType: 'IaasVMBackupRequest',
    recoveryPointExpiryTimeInUTC: until.toISOString(),
  },
});

/** Starts a backup whose point is kept until then, and gives the job's id. */
export async function backUp(item: Item, until: Date) {
  const at = `${item.id}/backup`;
  return ended((await link(at, { method: 'POST', body: backupBody(until) })).response);
}
