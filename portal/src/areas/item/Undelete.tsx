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
import { useAct } from './useAct';

export default function Undelete({ item, onClose }: { item: Item; onClose: () => void }) {
  const t = useText(text);
  const { action } = useText(actionText);
  const { act, isBusy, error } = useAct(onClose);
  const name = item.properties.friendlyName;
  const undelete = () =>
    act({ begun: t.undeleting(name), failed: t.undeleteFailed(name) }, async () => {
      await changeItem(item, REHYDRATE);
      const to = { path: path.item(item.id), label: t.item };
      return { title: t.undeleted(name), body: t.undeletedState, to };
    });
  return (
    <ActionPane
      title={action.undelete}
      item={item}
      label={action.undelete}
      onAct={undelete}
      onClose={onClose}
      isBusy={isBusy}
      error={error}
      needs={{ action: ITEM_ACTION.write, on: item.id }}
      equal={undeleteCommand(item)}
    >
      <Body1>{t.undeleteWhat}</Body1>
      <MessageBar intent="warning" layout="multiline">
        <MessageBarBody>{t.undeleteState}</MessageBarBody>
      </MessageBar>
    </ActionPane>
  );
}
