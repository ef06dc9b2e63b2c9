/**
 * A pane that changes something: its fields, its equal command, and a button. It stays open, and
 * says what was wrong, if the change fails. What is dangerous is asked for here, too.
 */
import { Button, Spinner } from '@fluentui/react-components';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Needs } from '../api/permissions';
import { useTold } from '../frame/notifications';
import type { Said } from '../frame/notifications';
import { useTerms } from '../text/terms';
import { Equal } from './Equal';
import type { EqualCommand } from './Equal';
import { Failure } from './Failure';
import { Guarded } from './Guarded';
import { Panel } from './Panel';

export interface FormPanelProps {
  title: string;
  /** What the button says. */
  label: string;
  /** What notifications say. */
  told: { begun: string; done: string; failed: string };
  /** Makes the change; throws if it fails. What it gives is added to what is told. */
  work: () => Promise<Partial<Omit<Said, 'intent'>> | void>;
  needs: Needs;
  /** Why it can't be done as the fields are. */
  refused?: string;
  equal?: EqualCommand;
  onClose: () => void;
  children: ReactNode;
}

export function FormPanel(props: FormPanelProps) {
  const { told, work, onClose } = props;
  const terms = useTerms();
  const tell = useTold();
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const act = async () => {
    setIsBusy(true);
    setError(undefined);
    const isDone = await tell({ begun: told.begun, failed: told.failed }, async () => {
      try {
        return { title: told.done, ...((await work()) ?? {}) };
      } catch (error) {
        setError(error);
        throw error;
      }
    });
    setIsBusy(false);
    if (isDone) onClose();
  };
  return (
    <Panel
      title={props.title}
      onClose={onClose}
      actions={
        <>
          <Guarded
            appearance="primary"
            needs={props.needs}
            refused={props.refused}
            isBusy={isBusy}
            icon={isBusy ? <Spinner size="tiny" /> : undefined}
            onClick={() => void act()}
          >
            {props.label}
          </Guarded>
          <Button onClick={onClose}>{terms.cancel}</Button>
        </>
      }
    >
      {props.children}
      {error !== undefined && <Failure error={error} />}
      {props.equal && <Equal to={props.equal} />}
    </Panel>
  );
}
