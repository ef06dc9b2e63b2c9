import { deleteItem } from '../../api/items';
import type { Item } from '../../api/items';
import { path } from '../../frame/paths';
import { useText } from '../../text/text';
import { text } from './changeText';
import { jobLink } from './jobLink';
import { useSoftDays } from './SoftDelete';

/** How an item's backup data is deleted, and what is told of it. */
export function useDelete(item: Item) {
  const t = useText(text);
  const days = useSoftDays(item);
  const name = item.properties.friendlyName;
  const told = { begun: t.deleting(name), done: t.deleted(name), failed: t.deleteFailed(name) };
  const remove = async (reason: string) => {
    const job = await deleteItem(item, reason);
    if (!days) return { to: jobLink(item, job, t.job) };
    return { body: t.deletedSoft(days), to: { path: path.item(item.id), label: t.item } };
  };
  return { told, remove };
}
