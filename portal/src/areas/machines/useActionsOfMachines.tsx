/** What can be done to a machine from its row; what can't says why (PORTAL-25). */
import { CloudArrowUpRegular, HistoryRegular, ShieldAddRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useLocation } from 'wouter';
import { groupOf, machineOf, vaultOf } from '../../api/ids';
import { ITEM_ACTION } from '../../api/items';
import type { MachineRow, Refusal } from '../../api/machines';
import { path } from '../../frame/paths';
import type { RowAction } from '../../parts/RowMenu';
import { useCodeText } from '../../text/errors';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { Now } from '../item/Now';
import { text } from './text';

/** Why a machine can't be protected, in words. */
export function useRefusalText() {
  const t = useText(text);
  const codeText = useCodeText();
  return (refusal: Refusal) => {
    const { message, remedy } = codeText(refusal.code, refusal.message);
    return t.unsupported(refusal.code, message, remedy ?? refusal.recommendation);
  };
}

const STOPPED = ['ProtectionStopped', 'ProtectionPaused', 'BackupsSuspended'];

export function useActionsOfMachines(): {
  actionsOf: (machine: MachineRow) => RowAction[];
  pane: ReactNode;
} {
  const t = useText(text);
  const terms = useTerms();
  const [, go] = useLocation();
  const [item, setItem] = useState<string>();
  const refusalText = useRefusalText();

  const actionsOf = ({ name, properties: p }: MachineRow): RowAction[] => {
    const { itemId, state, newestPoint } = p.protection;
    const isProtected = state !== 'Unprotected';
    const unseen = isProtected && !itemId ? t.unseen : undefined;
    return [
      {
        label: t.backUp,
        icon: ShieldAddRegular,
        refused: isProtected ? t.protectedAlready : p.refusal ? refusalText(p.refusal) : undefined,
        onClick: () => go(path.machine(p.resourceGroup, name, 'backup')),
      },
      {
        label: terms.backupNow,
        icon: CloudArrowUpRegular,
        needs: itemId ? { action: ITEM_ACTION.backup, on: itemId } : undefined,
        refused:
          unseen ??
          (!isProtected ? t.notProtected : STOPPED.includes(state) ? t.stopped : undefined),
        onClick: () => setItem(itemId),
      },
      {
        label: terms.restore,
        icon: HistoryRegular,
        needs: itemId ? { action: ITEM_ACTION.restore, on: itemId } : undefined,
        refused: unseen ?? (!isProtected ? t.notProtected : newestPoint ? undefined : t.noPoints),
        onClick: () => itemId && go(path.item(itemId, 'restore')),
      },
    ];
  };
  const pane = item && (
    <Now
      of={{ group: groupOf(item), vault: vaultOf(item) }}
      machine={machineOf(item)}
      onClose={() => setItem(undefined)}
    />
  );
  return { actionsOf, pane };
}
