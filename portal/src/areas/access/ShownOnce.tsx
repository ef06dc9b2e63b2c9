/** A secret that is shown once, when it was made. */
import { Button, MessageBar, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';
import { text as frame } from '../../frame/text';
import { CodeLine } from '../../parts/CodeLine';
import { Facts } from '../../parts/Facts';
import { Panel } from '../../parts/Panel';
import { useText } from '../../text/text';
import { text } from './text';

export interface Secret {
  /** What it is, and whose. */
  title: string;
  why: string;
  value: string;
  /** What belongs to it. */
  facts?: [name: string, value: string][];
}

export function ShownOnce({ secret, onClose }: { secret: Secret; onClose: () => void }) {
  const t = useText(text);
  const names = useText(frame);
  return (
    <Panel
      title={secret.title}
      isKept
      onClose={onClose}
      actions={
        <Button appearance="primary" onClick={onClose}>
          {names.close}
        </Button>
      }
    >
      <MessageBar intent="warning" layout="multiline">
        <MessageBarBody>
          <MessageBarTitle>{t.secretTitle}</MessageBarTitle>
          {secret.why}
        </MessageBarBody>
      </MessageBar>
      <CodeLine>{secret.value}</CodeLine>
      {secret.facts && <Facts isSingle of={secret.facts} />}
    </Panel>
  );
}
