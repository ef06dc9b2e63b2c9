/** The commands that are equal to what is done to items. */
import { groupOf, machineOf, nativeNames, vaultOf } from '../../api/ids';
import type { Item } from '../../api/items';
import { quoted } from '../../parts/Equal';

/** `-v VAULT`, and `-g GROUP` where it is the vault's and the machine's. */
function place(item: Item) {
  const { group } = machineOf(item.id);
  const isOne = group.toLowerCase() === groupOf(item.id).toLowerCase();
  return `-v ${quoted(vaultOf(item.id))}${isOne ? ` -g ${quoted(group)}` : ''}`;
}

/** A command of `stillpoint` about an item's machine. */
export const stillpoint = (verb: string, item: Item, more = '') =>
  `stillpoint ${verb} ${quoted(item.properties.friendlyName)}${more && ` ${more}`} ${place(item)}`;

/** A command of `stillpoint` in an item's vault. */
export const stillpointIn = (verb: string, item: Item, more: string) =>
  `stillpoint ${verb} ${more} -v ${quoted(vaultOf(item.id))}`;

/** A command of `az backup` about an item. */
export function azOf(verb: string, item: Item, more = '') {
  const { container, item: name } = nativeNames(machineOf(item.id));
  const at = `-g ${quoted(groupOf(item.id))} -v ${quoted(vaultOf(item.id))}`;
  const which = `-c ${quoted(container)} -i ${quoted(name)}`;
  const kind = '--backup-management-type AzureIaasVM';
  return `az backup ${verb} ${at} ${which} ${kind}${more && ` ${more}`}`;
}

const DAY = 24 * 60 * 60 * 1000;

/**
 * `31-12-2026`, as `az` takes it, which keeps a point until that day of UTC begins: the first one
 * by which it has been kept until then.
 */
export function azDay(until: Date): string {
  const first = new Date(Math.ceil(until.valueOf() / DAY) * DAY);
  const [year, month, day] = first.toISOString().slice(0, 10).split('-');
  return `${day}-${month}-${year}`;
}
