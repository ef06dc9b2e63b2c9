/** What is done to an item: by its command bar, by the "…" of a list, and the pane that opens. */
import {
  ArrowUndoRegular,
  CalendarEditRegular,
  CloudArrowUpRegular,
  DeleteRegular,
  HistoryRegular,
  PlayRegular,
  StopRegular,
} from '@fluentui/react-icons';
import type { FluentIcon } from '@fluentui/react-icons';
import { Suspense, lazy, useState } from 'react';
import type { ReactNode } from 'react';
import { useLocation } from 'wouter';
import type { Item } from '../../api/items';
import { path } from '../../frame/paths';
import { Command } from '../../parts/Command';
import { RowMenu } from '../../parts/RowMenu';
import { useText } from '../../text/text';
import { text } from './actionText';
import { ACTIONS, RIGHT, obstacle } from './possible';
import type { ItemAction, Obstacle } from './possible';

const ICON: Record<ItemAction, FluentIcon> = {
  backupNow: CloudArrowUpRegular,
  restore: HistoryRegular,
  changePolicy: CalendarEditRegular,
  stop: StopRegular,
  resume: PlayRegular,
  undelete: ArrowUndoRegular,
  deleteData: DeleteRegular,
};

/** Restore is a page of its own; all else is a pane. */
const PANES = {
  backupNow: lazy(() => import('./BackupNow')),
  changePolicy: lazy(() => import('./ChangePolicy')),
  stop: lazy(() => import('./StopBackup')),
  resume: lazy(() => import('./ResumeBackup')),
  undelete: lazy(() => import('./Undelete')),
  deleteData: lazy(() => import('./DeleteData')),
};

export type Begin = (action: ItemAction, item: Item) => void;

/** Begins actions. The pane belongs to the page, not to a row that may scroll away. */
export function useActions(): { begin: Begin; pane: ReactNode } {
  const [, go] = useLocation();
  const [open, setOpen] = useState<{ action: keyof typeof PANES; item: Item }>();
  const begin: Begin = (action, item) => {
    if (action === 'restore') go(path.item(item.id, 'restore'));
    else setOpen({ action, item });
  };
  const Pane = open && PANES[open.action];
  const pane = Pane && (
    <Suspense>
      <Pane item={open.item} onClose={() => setOpen(undefined)} />
    </Suspense>
  );
  return { begin, pane };
}

/** What the state rules out; the "…" of a list has it nevertheless, with the reason. */
const OUT: Partial<Record<Obstacle, readonly ItemAction[]>> = {
  notStopped: ['resume'],
  notDeleted: ['undelete'],
  stopFirst: ['deleteData'],
  stopped: ['stop', 'changePolicy'],
  softDeleted: ['stop', 'changePolicy', 'resume', 'deleteData'],
};

/** Whether an action makes sense as the item stands. */
function isIn(action: ItemAction, item: Item): boolean {
  const why = obstacle(item, action);
  return !why || !OUT[why]?.includes(action);
}

/** The actions that make sense as the item stands, as commands. */
export function ActionCommands({ item, begin }: { item: Item; begin: Begin }) {
  const t = useText(text);
  return ACTIONS.filter((action) => isIn(action, item)).map((action) => {
    const why = obstacle(item, action);
    return (
      <Command
        key={action}
        label={t.action[action]}
        icon={ICON[action]}
        onClick={() => begin(action, item)}
        needs={{ action: RIGHT[action], on: item.id }}
        refused={why && t.obstacle[why]}
      />
    );
  });
}

/** The "…" of an item in a list. */
export function ActionMenu({ item, begin }: { item: Item; begin: Begin }) {
  const t = useText(text);
  const actions = ACTIONS.map((action) => {
    const why = obstacle(item, action);
    return {
      label: t.action[action],
      icon: ICON[action],
      onClick: () => begin(action, item),
      needs: { action: RIGHT[action], on: item.id },
      refused: why && t.obstacle[why],
    };
  });
  return <RowMenu of={item.properties.friendlyName} actions={actions} />;
}
