/** What is done to an item: by its command bar, by the "…" of a list, and the pane that opens. */
import {
  Button,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Tooltip,
} from '@fluentui/react-components';
import {
  ArrowUndoRegular,
  CalendarEditRegular,
  CloudArrowUpRegular,
  DeleteRegular,
  HistoryRegular,
  MoreHorizontalRegular,
  PlayRegular,
  StopRegular,
} from '@fluentui/react-icons';
import type { FluentIcon } from '@fluentui/react-icons';
import { Suspense, lazy, useState } from 'react';
import type { ReactNode } from 'react';
import { useLocation } from 'wouter';
import type { Item } from '../../api/items';
import { useRefusal } from '../../api/permissions';
import { path } from '../../frame/paths';
import { Command } from '../../parts/Command';
import { useText } from '../../text/text';
import { text } from './actionText';
import { ACTIONS, RIGHT, obstacle } from './possible';
import type { ItemAction } from './possible';

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

/** All actions as commands. */
export function ActionCommands({ item, begin }: { item: Item; begin: Begin }) {
  const t = useText(text);
  return ACTIONS.map((action) => {
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
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Button
          appearance="subtle"
          size="small"
          icon={<MoreHorizontalRegular />}
          aria-label={t.menuOf(item.properties.friendlyName)}
        />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {ACTIONS.map((action) => (
            <Entry key={action} action={action} item={item} begin={begin} />
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function Entry({ action, item, begin }: { action: ItemAction; item: Item; begin: Begin }) {
  const t = useText(text);
  const Icon = ICON[action];
  const missing = useRefusal({ action: RIGHT[action], on: item.id });
  const obstructed = obstacle(item, action);
  const why = obstructed ? t.obstacle[obstructed] : missing;
  const entry = (
    <MenuItem
      icon={<Icon aria-hidden />}
      disabled={why !== undefined}
      onClick={() => why === undefined && begin(action, item)}
    >
      {t.action[action]}
    </MenuItem>
  );
  if (why === undefined) return entry;
  return (
    <Tooltip content={why} relationship="description" positioning="before">
      {entry}
    </Tooltip>
  );
}
