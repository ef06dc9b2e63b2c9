import { deleteItem } from '../../api/items';
import type { Item, Why } from '../../api/items';
import { path } from '../../frame/paths';
import { useText } from '../../text/text';
import { text } from './changeText';
import { jobLink } from './jobLink';
import { useSoftDays } from './SoftDelete';
import { useAct } from './useAct';

/** Deletes an item's backup data and tells of it. */
export function useDelete(item: Item, done: () => void) {
  const t = useText(text);
  const days = useSoftDays(item);
  const { act, isBusy, error } = useAct(done);
  const name = item.properties.friendlyName;
  const remove = ({ reason, comment }: Why) =>
    act({ begun: t.deleting(name), failed: t.deleteFailed(name) }, async () => {
      const job = await deleteItem(item, { reason, comment });
      return {
        title: t.deleted(name),
        body: days ? t.deletedSoft(days) : undefined,
        to: days ? { path: path.item(item.id), label: t.item } : jobLink(item, job, t.job),
      };
    });
  return { remove, isBusy, error };
}
