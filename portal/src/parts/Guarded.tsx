/** A button that, where it can't be used, says why (PORTAL-25). In a pane or a form; in a command bar it is `Command`. */
import { Button, Tooltip } from '@fluentui/react-components';
import type { ButtonProps } from '@fluentui/react-components';
import type { ReactElement, ReactNode } from 'react';
import type { Needs } from '../api/permissions';
import { useRefusal } from '../api/permissions';

export function Guarded(props: {
  children?: ReactNode;
  /** For readers of screens, where it has an icon only. */
  label?: string;
  onClick: () => void;
  needs?: Needs;
  /** Why it can't be used now, for another reason than a right. */
  refused?: string;
  /** The id of the form whose button it is: Enter in a field of it is a click here. */
  form?: string;
  appearance?: ButtonProps['appearance'];
  size?: ButtonProps['size'];
  icon?: ReactElement;
  /** Something that it began is not over yet. */
  isBusy?: boolean;
}) {
  const missing = useRefusal(props.needs);
  const why = props.refused ?? missing;
  const button = (
    <Button
      appearance={props.appearance}
      size={props.size}
      icon={props.icon}
      aria-label={props.label}
      {...(props.form !== undefined && { type: 'submit', form: props.form })}
      disabledFocusable={why !== undefined || props.isBusy}
      onClick={() => why === undefined && !props.isBusy && props.onClick()}
    >
      {props.children}
    </Button>
  );
  if (why === undefined) return button;
  return (
    <Tooltip content={why} relationship="description">
      {button}
    </Tooltip>
  );
}
