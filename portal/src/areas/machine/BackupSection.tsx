/** "Backup" in a machine's menu: "Enable backup", or the item once there is one (PORTAL-1). */
import { MessageBar, MessageBarBody } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { groupOf, machineOf, vaultOf } from '../../api/ids';
import { itemQuery } from '../../api/items';
import type { MachineRow } from '../../api/machines';
import { Failure } from '../../parts/Failure';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { ActionCommands, useActions } from '../item/Actions';
import { EnableBackup } from './EnableBackup';
import { ItemSummary } from './ItemSummary';
import { MachineLayout } from './MachineLayout';
import { text } from './text';

export function BackupSection({ machine }: { machine: MachineRow }) {
  const t = useText(text);
  const { state, itemId } = machine.properties.protection;
  const place = { group: machine.properties.resourceGroup, name: machine.name };
  if (itemId) return <Protected machine={machine} itemId={itemId} />;
  return (
    <MachineLayout {...place} section="backup">
      {state === 'Unprotected' ? (
        <EnableBackup machine={machine} />
      ) : (
        <MessageBar>
          <MessageBarBody>{t.unseen}</MessageBarBody>
        </MessageBar>
      )}
    </MachineLayout>
  );
}

function Protected({ machine, itemId }: { machine: MachineRow; itemId: string }) {
  const item = useQuery(itemQuery(groupOf(itemId), vaultOf(itemId), machineOf(itemId)));
  const { begin, pane } = useActions();
  return (
    <MachineLayout
      group={machine.properties.resourceGroup}
      name={machine.name}
      section="backup"
      commands={item.data && <ActionCommands item={item.data} begin={begin} />}
    >
      {item.error && <Failure error={item.error} retry={() => void item.refetch()} />}
      {!item.data && !item.error && <Waiting />}
      {item.data && <ItemSummary item={item.data} begin={begin} />}
      {pane}
    </MachineLayout>
  );
}
