/** A pane that does one thing to an item: what it is done to, its fields, its equal command. */
import { Button, Spinner } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { vaultOf } from '../../api/ids';
import type { Item } from '../../api/items';
import type { Right } from '../../api/permissions';
import { useRefusal } from '../../api/permissions';
import { Equal } from '../../parts/Equal';
import type { EqualCommand } from '../../parts/Equal';
import { Facts } from '../../parts/Facts';
import { Failure } from '../../parts/Failure';
import { Panel } from '../../parts/Panel';
import { useTerms } from '../../text/terms';

export function ActionPane(props: {
  title: string;
  item: Item;
  /** What the button says. */
  label: string;
  onAct: () => void;
  onClose: () => void;
  isBusy: boolean;
  /** Whether the fields are as they must be. */
  isReady?: boolean;
  error?: unknown;
  needs: Right;
  equal?: EqualCommand;
  children: ReactNode;
}) {
  const { item } = props;
  const terms = useTerms();
  const refused = useRefusal(props.needs);
  const isReady = props.isReady !== false && !props.isBusy && refused === undefined;
  return (
    <Panel
      title={props.title}
      onClose={props.onClose}
      actions={
        <>
          <Button
            appearance="primary"
            disabledFocusable={!isReady}
            title={refused}
            icon={props.isBusy ? <Spinner size="tiny" /> : undefined}
            onClick={() => isReady && props.onAct()}
          >
            {props.label}
          </Button>
          <Button onClick={props.onClose}>{terms.cancel}</Button>
        </>
      }
    >
      <Facts
        isSingle
        of={[
          [terms.machine, item.properties.friendlyName],
          [terms.vault, vaultOf(item.id)],
        ]}
      />
      {props.children}
      {props.error !== undefined && <Failure error={props.error} />}
      {props.equal && <Equal to={props.equal} />}
    </Panel>
  );
}
