/** A button of a command bar. One that can't be used says why (PORTAL-25). */
import { ToolbarButton, Tooltip } from '@fluentui/react-components';
import type { FluentIcon } from '@fluentui/react-icons';
import type { Needs } from '../api/permissions';
import { useRefusal } from '../api/permissions';

export function Command(props: {
  label: string;
  icon: FluentIcon;
  onClick: () => void;
  needs?: Needs;
  /** Why it can't be used now, for another reason than a right. */
  refused?: string;
}) {
  const { label, icon: Icon, needs, onClick } = props;
  const missing = useRefusal(needs);
  const why = props.refused ?? missing;
  const button = (
    <ToolbarButton
      icon={<Icon aria-hidden />}
      disabledFocusable={why !== undefined}
      onClick={() => why === undefined && onClick()}
    >
      {label}
    </ToolbarButton>
  );
  if (why === undefined) return button;
  return (
    <Tooltip content={why} relationship="description">
      {button}
    </Tooltip>
  );
}
