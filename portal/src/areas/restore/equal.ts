/** The commands that are equal to a restore. */
import { groupOf, nameOf } from '../../api/ids';
import type { Item } from '../../api/items';
import { restoreBody } from '../../api/points';
import type { Point } from '../../api/points';
import type { EqualCommand } from '../../parts/Equal';
import { quoted } from '../../parts/Equal';
import { azOf, stillpointIn } from '../item/commands';
import { inputOf, targetGroup } from './draft';
import type { Draft } from './draft';

const ALL_DISKS = '# "restore vm" restores all disks; for fewer of them use az or REST';

/** The equal commands. */
export function equalOf(
  draft: Draft,
  item: Item,
  point: Point,
  subscription: string,
): EqualCommand {
  return {
    stillpoint: stillpointOf(draft, item, point),
    az: azRestore(draft, item, point),
    rest: {
      method: 'POST',
      path: `${point.id}/restore`,
      body: restoreBody(item, point, inputOf(draft, subscription)),
    },
  };
}

function stillpointOf(draft: Draft, item: Item, point: Point): string {
  const to = `--to ${quoted(nameOf(draft.account))}`;
  const chosen = new Set(draft.luns);
  const included = point.properties.recoveryPointDiskConfiguration.includedDiskList;
  const names = included.filter(({ lun }) =>
    draft.disks === 'os' ? lun < 0 : draft.disks === 'chosen' && chosen.has(lun),
  );
  const disks = names.map(({ name }) => ` --disk ${quoted(name)}`).join('');
  switch (draft.way) {
    case 'machine':
      // It has no word for fewer disks.
      if (draft.disks !== 'all') return ALL_DISKS;
      return stillpointIn(
        'restore vm',
        item,
        `${point.name} --name ${quoted(draft.name)} ${to} --network ${quoted(nameOf(draft.network))} --target-group ${quoted(draft.group)}`,
      );
    case 'disks':
      return stillpointIn('restore disks', item, `${point.name} ${to}${disks}`);
    case 'replace':
      return stillpointIn('restore disks', item, `${point.name} --in-place${disks}`);
  }
}

function azRestore(draft: Draft, item: Item, point: Point): string {
  const more = [`-r ${point.name}`];
  if (draft.disks === 'os') more.push('--restore-only-osdisk true');
  if (draft.disks === 'chosen') more.push(`--diskslist ${draft.luns.join(' ')}`);
  const account = draft.account
    ? `--storage-account ${quoted(nameOf(draft.account))} --storage-account-resource-group ${quoted(groupOf(draft.account))}`
    : '--storage-account NAME';
  more.push(account);
  if (draft.way === 'replace') more.push('--restore-mode OriginalLocation');
  else more.push(`--target-resource-group ${quoted(targetGroup(draft))}`);
  if (draft.way === 'machine') {
    more.push(
      `--target-vm-name ${quoted(draft.name)}`,
      `--target-vnet-name ${quoted(nameOf(draft.network))}`,
      `--target-vnet-resource-group ${quoted(groupOf(draft.network))}`,
      '--target-subnet-name default',
    );
  }
  return azOf('restore restore-disks', item, more.join(' ')).replace(
    ' --backup-management-type AzureIaasVM',
    '',
  );
}
