/** "Undelete", with the warning of the state that results (PORTAL-19; SOFT-3). */
import { Body1, MessageBar, MessageBarBody } from '@fluentui/react-components';
import { ITEM_ACTION, changeItem } from '../../api/items';
import type { Item } from '../../api/items';
import { path } from '../../frame/paths';
import { useText } from '../../text/text';
import { ActionPane } from './ActionPane';
import { text as actionText } from './actionText';
import { text } from './changeText';
import { REHYDRATE, undeleteCommand } from './equals';

export default function Undelete({ item, onClose }: { item: Item; onClose: () => void }) {
  const t = useText(text);
  const { action } = useText(actionText);
  const name = item.properties.friendlyName;
  const undelete = async () => {
    await changeItem(item, REHYDRATE);
    return { body: t.undeletedState, to: { path: path.item(item.id), label: t.item } };
  };
  return (
    <ActionPane
      title={action.undelete}
      item={item}
      label={action.undelete}
      told={{ begun: t.undeleting(name), done: t.undeleted(name), failed: t.undeleteFailed(name) }}
      work={undelete}
      onClose={onClose}
      action={ITEM_ACTION.write}
      equal={undeleteCommand(item)}
    >
      <Body1>{t.undeleteWhat}</Body1>
      <MessageBar intent="warning" layout="multiline">
        <MessageBarBody>{t.undeleteState}</MessageBarBody>
      </MessageBar>
    </ActionPane>
  );
}
