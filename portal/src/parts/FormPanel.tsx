/**
 * A pane that changes something: its fields, its equal command, and a button, which Enter in a
 * field stands for. It stays open, and says what was wrong, if the change fails. What is dangerous
 * is asked for here, too.
 */
import { Button, Spinner } from '@fluentui/react-components';
import { useId } from 'react';
import type { ReactNode } from 'react';
import type { Needs } from '../api/permissions';
import type { Said } from '../frame/notifications';
import { useWork } from '../frame/useWork';
import { useTerms } from '../text/terms';
import { Equal } from './Equal';
import type { EqualCommand } from './Equal';
import { Failure } from './Failure';
import { Guarded } from './Guarded';
import { Panel } from './Panel';

export interface FormPanelProps {
  title: string;
  size?: 'small' | 'medium';
  /** What the button says. */
  label: string;
  /** What the button says that leaves all as it is. */
  cancel?: string;
  /** What notifications say. */
  told: { begun: string; done: string; failed: string };
  /** Makes the change; throws if it fails. What it gives is added to what is told. */
  work: () => Promise<Partial<Omit<Said, 'intent'>> | void>;
  /** What is out of date afterwards. */
  touches: readonly string[];
  needs: Needs;
  /** Why it can't be done as the fields are. */
  refused?: string;
  equal?: EqualCommand;
  onClose: () => void;
  children: ReactNode;
}

export function FormPanel(props: FormPanelProps) {
  const { told, onClose } = props;
  const terms = useTerms();
  const form = useId();
  const { work, isBusy, error } = useWork(props.touches);
  const act = async () => {
    const isDone = await work({ begun: told.begun, failed: told.failed }, async () => ({
      title: told.done,
      ...((await props.work()) ?? {}),
    }));
    if (isDone) onClose();
  };
  return (
    <Panel
      title={props.title}
      size={props.size}
      form={form}
      onClose={onClose}
      actions={
        <>
          <Guarded
            appearance="primary"
            form={form}
            needs={props.needs}
            refused={props.refused}
            isBusy={isBusy}
            icon={isBusy ? <Spinner size="tiny" /> : undefined}
            onClick={() => void act()}
          >
            {props.label}
          </Guarded>
          <Button onClick={onClose}>{props.cancel ?? terms.cancel}</Button>
        </>
      }
    >
      {props.children}
      {error !== undefined && <Failure error={error} />}
      {props.equal && <Equal to={props.equal} />}
    </Panel>
  );
}
