/** "Delete backup data" of an item that is stopped (PORTAL-16). */
import { Body1 } from '@fluentui/react-components';
import { ITEM_ACTION } from '../../api/items';
import type { Item } from '../../api/items';
import { useText } from '../../text/text';
import { ActionPane } from './ActionPane';
import { ConsentFields, SoftDeleteWarning, useConsent } from './SoftDelete';
import { text as actionText } from './actionText';
import { text } from './changeText';
import { deleteCommand } from './equals';
import { useDelete } from './useDelete';

export default function DeleteData({ item, onClose }: { item: Item; onClose: () => void }) {
  const t = useText(text);
  const { action } = useText(actionText);
  const consent = useConsent(item);
  const { told, remove } = useDelete(item);
  return (
    <ActionPane
      title={action.deleteData}
      item={item}
      label={action.deleteData}
      told={told}
      work={() => remove(consent.consent.why)}
      onClose={onClose}
      refused={consent.consent.isGiven ? undefined : t.noConsent}
      action={ITEM_ACTION.delete}
      equal={deleteCommand(item, consent.consent.why)}
    >
      <Body1>{t.removeWhat}</Body1>
      <SoftDeleteWarning item={item} />
      <ConsentFields item={item} of={consent} />
    </ActionPane>
  );
}
