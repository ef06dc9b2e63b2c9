/** The equal commands of the panes that change an item. */
import { changeBody, deletePath } from '../../api/items';
import type { Change, Item } from '../../api/items';
import type { EqualCommand } from '../../parts/Equal';
import { quoted } from '../../parts/Equal';
import { azOf, stillpoint } from './commands';

const put = (item: Item, change: Change): EqualCommand['rest'] => ({
  method: 'PUT',
  path: item.id,
  body: changeBody(item, change),
});

/** What stops backups: points stay for ever, or go on expiring. */
export const KEEP: Change = { policyId: '', protectionState: 'ProtectionStopped' };
export const PER_POLICY: Change = { policyId: '', protectionState: 'BackupsSuspended' };
/** What takes back a deletion. */
export const REHYDRATE: Change = { ...KEEP, isRehydrate: true };

export const keepCommand = (item: Item): EqualCommand => ({
  stillpoint: stillpoint('protection disable', item),
  az: azOf('protection disable', item, '--workload-type VM --yes'),
  rest: put(item, KEEP),
});

export const perPolicyCommand = (item: Item): EqualCommand => ({
  stillpoint: stillpoint('protection disable', item, '--as-per-policy'),
  az: azOf(
    'protection disable',
    item,
    '--workload-type VM --retain-recovery-points-as-per-policy true --yes',
  ),
  rest: put(item, PER_POLICY),
});

/** `az` has a verb for it that takes no reason. */
export const deleteCommand = (item: Item, reason: string): EqualCommand => ({
  stillpoint: stillpoint(
    'protection disable',
    item,
    `--delete-data --yes${reason && ` --reason ${quoted(reason)}`}`,
  ),
  az: reason
    ? undefined
    : azOf('protection disable', item, '--workload-type VM --delete-backup-data true --yes'),
  rest: { method: 'DELETE', path: deletePath(item, reason) },
});

export const undeleteCommand = (item: Item): EqualCommand => ({
  stillpoint: stillpoint('protection undelete', item),
  az: azOf('protection undelete', item, '--workload-type VM'),
  rest: put(item, REHYDRATE),
});

/** Protects by a policy again: `az` has a verb for what was stopped, another for the rest. */
export const resumeCommand = (item: Item, policyId: string, policy: string): EqualCommand => ({
  stillpoint: stillpoint('protection resume', item, `--policy ${quoted(policy)}`),
  az:
    item.properties.protectionState === 'ProtectionStopped'
      ? azOf('protection resume', item, `--workload-type VM --policy-name ${quoted(policy)}`)
      : azOf('item set-policy', item, `--workload-type VM --policy-name ${quoted(policy)}`),
  rest: put(item, { policyId }),
});

export const setPolicyCommand = (item: Item, policyId: string, policy: string): EqualCommand => ({
  stillpoint: stillpoint('protection set-policy', item, `--policy ${quoted(policy)}`),
  az: azOf('item set-policy', item, `--workload-type VM --policy-name ${quoted(policy)}`),
  rest: put(item, { policyId }),
});
