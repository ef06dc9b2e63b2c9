/** What a restore is asked for, as the form has it (RESTORE-1, 22). */
import { groupOf } from '../../api/ids';
import { ITEM_ACTION } from '../../api/items';
import type { Item } from '../../api/items';
import type { Right } from '../../api/permissions';
import type { Point, RestoreInput } from '../../api/points';
import { RESTORE_ACTION } from '../../api/restoreTargets';

export type Way = 'machine' | 'disks' | 'replace';
export type DiskChoice = 'all' | 'os' | 'chosen';

export interface Draft {
  way: Way;
  name: string;
  /** Of the new machine; disks go to the storage account's. */
  group: string;
  account: string;
  network: string;
  disks: DiskChoice;
  /** Numbers of data disks. */
  luns: readonly number[];
}

export const isName = (name: string) => /^(?!\.)[A-Za-z0-9._-]{1,64}(?<!\.)$/.test(name);

/** The disks of a point by number, the system's aside. */
export const dataDisks = (point: Point) =>
  point.properties.recoveryPointDiskConfiguration.includedDiskList.filter(({ lun }) => lun >= 0);

export type Field = 'name' | 'group' | 'network' | 'account' | 'disks';

/** The first of what is needed that is not filled in as it must be; undefined once all is. */
export function missing(draft: Draft): Field | undefined {
  if (draft.way === 'machine') {
    if (!isName(draft.name)) return 'name';
    if (!draft.group) return 'group';
    if (!draft.network) return 'network';
  }
  if (draft.way !== 'replace' && !draft.account) return 'account';
  return draft.disks === 'chosen' && draft.luns.length === 0 ? 'disks' : undefined;
}

/** The group that it goes to. */
export const targetGroup = (draft: Draft) =>
  draft.way === 'disks' ? groupOf(draft.account) : draft.group;

/** What the API is asked for. `subscription` is an id. */
export function inputOf(draft: Draft, subscription: string): RestoreInput {
  const disks =
    draft.disks === 'all'
      ? {}
      : { restoreDiskLunList: draft.disks === 'os' ? [] : [...draft.luns] };
  if (draft.way === 'replace') return { recoveryType: 'OriginalLocation', ...disks };
  const group = `${subscription}/resourceGroups/${targetGroup(draft)}`;
  const to = { storageAccountId: draft.account, targetResourceGroupId: group, ...disks };
  if (draft.way === 'disks') return { recoveryType: 'RestoreDisks', ...to };
  return {
    recoveryType: 'AlternateLocation',
    ...to,
    targetVirtualMachineId: `${group}/providers/Microsoft.Compute/virtualMachines/${draft.name}`,
    virtualNetworkId: draft.network,
  };
}

/** The rights that it needs, that on the item first. */
export function rightsOf(draft: Draft, item: Item, subscription: string): Right[] {
  const rights: Right[] = [
    { action: ITEM_ACTION.restore, on: item.id },
    { action: RESTORE_ACTION.machine, on: item.properties.sourceResourceId },
  ];
  if (draft.way === 'replace') return rights;
  if (draft.account) rights.push({ action: RESTORE_ACTION.account, on: draft.account });
  if (draft.way === 'machine' && draft.network) {
    rights.push({ action: RESTORE_ACTION.network, on: draft.network });
  }
  const group = `${subscription}/resourceGroups/${targetGroup(draft)}`;
  if (targetGroup(draft)) rights.push({ action: RESTORE_ACTION.group, on: group });
  return rights;
}
