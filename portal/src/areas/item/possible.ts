/** What can be done to an item as it stands, and why the rest can't (PROT-8, 11 to 13; SOFT-3, 4). */
import type { Item } from '../../api/items';
import { ITEM_ACTION } from '../../api/items';

export type ItemAction =
  'backupNow' | 'restore' | 'changePolicy' | 'stop' | 'resume' | 'undelete' | 'deleteData';

/** In the order of the menu. */
export const ACTIONS: readonly ItemAction[] = [
  'backupNow',
  'restore',
  'changePolicy',
  'stop',
  'resume',
  'undelete',
  'deleteData',
];

/** The right that an action needs. */
export const RIGHT: Record<ItemAction, string> = {
  backupNow: ITEM_ACTION.backup,
  restore: ITEM_ACTION.restore,
  changePolicy: ITEM_ACTION.write,
  stop: ITEM_ACTION.stop,
  resume: ITEM_ACTION.write,
  undelete: ITEM_ACTION.write,
  deleteData: ITEM_ACTION.delete,
};

export type Obstacle =
  'softDeleted' | 'stopped' | 'noPoints' | 'notStopped' | 'notDeleted' | 'stopFirst';

/** Whether backups of it run. */
export const isActive = ({ properties }: Item) =>
  !properties.isScheduledForDeferredDelete &&
  ['IRPending', 'Protected', 'ProtectionError'].includes(properties.protectionState);

/** Whether it was stopped with its points kept by its policy: those are not kept for ever yet. */
export const isSuspended = ({ properties }: Item) =>
  !properties.isScheduledForDeferredDelete && properties.protectionState === 'BackupsSuspended';

/** What stands in the way of an action; undefined if nothing does. */
export function obstacle(item: Item, action: ItemAction): Obstacle | undefined {
  const { isScheduledForDeferredDelete: isDeleted, lastRecoveryPoint } = item.properties;
  if (action === 'undelete') return isDeleted ? undefined : 'notDeleted';
  if (isDeleted) return 'softDeleted';
  switch (action) {
    case 'backupNow':
    case 'changePolicy':
      return isActive(item) ? undefined : 'stopped';
    case 'restore':
      return lastRecoveryPoint ? undefined : 'noPoints';
    case 'stop':
      return isActive(item) || isSuspended(item) ? undefined : 'stopped';
    case 'resume':
      return isActive(item) ? 'notStopped' : undefined;
    case 'deleteData':
      return isActive(item) ? 'stopFirst' : undefined;
  }
}

/** How an item's protection reads: a soft-deleted one is stopped as well, but that says less. */
export const stateOf = ({ properties }: Item) =>
  properties.isScheduledForDeferredDelete ? 'SoftDeleted' : properties.protectionState;

/** How the last backup reads: until the first there is a warning (PROT-4). */
export const lastOf = ({ properties }: Item) =>
  properties.lastBackupStatus || (properties.protectionState === 'IRPending' ? 'IRPending' : '');
