import { groupOf, vaultOf } from '../../api/ids';
import type { Item } from '../../api/items';
import { path } from '../../frame/paths';

/** A notification's link to a job of an item, or to the vault's jobs where it has none. */
export function jobLink(item: Item, job: string | undefined, label: string) {
  const section = job ? `jobs/${encodeURIComponent(job)}` : 'jobs';
  return { path: path.vault(groupOf(item.id), vaultOf(item.id), section), label };
}
