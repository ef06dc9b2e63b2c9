/** "Resume backup": by a policy that is chosen (PORTAL-16; PROT-13). */
import { Body1, MessageBar, MessageBarBody } from '@fluentui/react-components';
import { useState } from 'react';
import { groupOf, vaultOf } from '../../api/ids';
import { ITEM_ACTION, changeItem, policyOf } from '../../api/items';
import type { Item } from '../../api/items';
import { useText } from '../../text/text';
import { DEFAULT_POLICY } from '../policies/first';
import { PolicyPicker } from '../policies/PolicyPicker';
import { ActionPane } from './ActionPane';
import { text as actionText } from './actionText';
import { text } from './changeText';
import { resumeCommand } from './equals';
import { jobLink } from './jobLink';

export default function ResumeBackup({ item, onClose }: { item: Item; onClose: () => void }) {
  const t = useText(text);
  const { action } = useText(actionText);
  const [policy, setPolicy] = useState<string>(DEFAULT_POLICY);
  const name = item.properties.friendlyName;
  const resume = async () => {
    const job = await changeItem(item, { policyId: policyOf(item, policy) });
    return { to: jobLink(item, job, t.job) };
  };
  return (
    <ActionPane
      title={action.resume}
      item={item}
      label={action.resume}
      told={{ begun: t.resuming(name), done: t.resumed(name), failed: t.resumeFailed(name) }}
      work={resume}
      onClose={onClose}
      action={ITEM_ACTION.write}
      equal={resumeCommand(item, policyOf(item, policy), policy)}
    >
      <Body1>{t.resumeWhat}</Body1>
      <MessageBar intent="warning" layout="multiline">
        <MessageBarBody>{t.resumeWarning}</MessageBarBody>
      </MessageBar>
      <PolicyPicker
        of={{ group: groupOf(item.id), vault: vaultOf(item.id) }}
        chosen={policy}
        onChange={setPolicy}
      />
    </ActionPane>
  );
}
