/** The "…" of a row: what can be done to it. What can't be done says why (PORTAL-25). */
import {
  Button,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Tooltip,
} from '@fluentui/react-components';
import { MoreHorizontalRegular } from '@fluentui/react-icons';
import type { FluentIcon } from '@fluentui/react-icons';
import type { Needs } from '../api/permissions';
import { useRefusal } from '../api/permissions';
import { useTerms } from '../text/terms';

export interface RowAction {
  label: string;
  icon: FluentIcon;
  onClick: () => void;
  needs?: Needs;
  /** Why it can't be done now, for another reason than a right. */
  refused?: string;
}

export function RowMenu({ of, actions }: { of: string; actions: RowAction[] }) {
  const terms = useTerms();
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Button
          appearance="subtle"
          size="small"
          icon={<MoreHorizontalRegular />}
          aria-label={`${terms.more}: ${of}`}
        />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {actions.map((action) => (
            <Entry key={action.label} action={action} />
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function Entry({ action }: { action: RowAction }) {
  const { icon: Icon, onClick } = action;
  const missing = useRefusal(action.needs);
  const why = action.refused ?? missing;
  const entry = (
    <MenuItem
      icon={<Icon aria-hidden />}
      disabled={why !== undefined}
      onClick={() => why === undefined && onClick()}
    >
      {action.label}
    </MenuItem>
  );
  if (why === undefined) return entry;
  return (
    <Tooltip content={why} relationship="description" positioning="before">
      {entry}
    </Tooltip>
  );
}
