/** "Resume backup": by a policy that is chosen (PORTAL-16; PROT-13). */
import { Body1, MessageBar, MessageBarBody } from '@fluentui/react-components';
import { useState } from 'react';
import { ITEM_ACTION, changeItem } from '../../api/items';
import type { Item } from '../../api/items';
import type { Policy } from '../../api/policies';
import { useText } from '../../text/text';
import { ActionPane } from './ActionPane';
import { PolicyField } from './PolicyField';
import { text as actionText } from './actionText';
import { text } from './changeText';
import { resumeCommand } from './equals';
import { jobLink } from './jobLink';
import { useAct } from './useAct';

export default function ResumeBackup({ item, onClose }: { item: Item; onClose: () => void }) {
  const t = useText(text);
  const { action } = useText(actionText);
  const [policy, setPolicy] = useState<Policy>();
  const { act, isBusy, error } = useAct(onClose);
  const name = item.properties.friendlyName;
  const resume = () => {
    if (!policy) return;
    act({ begun: t.resuming(name), failed: t.resumeFailed(name) }, async () => {
      const job = await changeItem(item, { policyId: policy.id });
      return { title: t.resumed(name), to: jobLink(item, job, t.job) };
    });
  };
  return (
    <ActionPane
      title={action.resume}
      item={item}
      label={action.resume}
      onAct={resume}
      onClose={onClose}
      isBusy={isBusy}
      isReady={policy !== undefined}
      error={error}
      needs={{ action: ITEM_ACTION.write, on: item.id }}
      equal={policy && resumeCommand(item, policy.id, policy.name)}
    >
      <Body1>{t.resumeWhat}</Body1>
      <MessageBar intent="warning" layout="multiline">
        <MessageBarBody>{t.resumeWarning}</MessageBarBody>
      </MessageBar>
      <PolicyField item={item} value={policy} onChange={setPolicy} />
    </ActionPane>
  );
}
