/** Another policy for an item; it counts at once (PORTAL-15). */
import { Body1 } from '@fluentui/react-components';
import { useState } from 'react';
import { groupOf, vaultOf } from '../../api/ids';
import { ITEM_ACTION, changeItem, policyOf } from '../../api/items';
import type { Item } from '../../api/items';
import { Facts } from '../../parts/Facts';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { PolicyPicker } from '../policies/PolicyPicker';
import { ActionPane } from './ActionPane';
import { text as actionText } from './actionText';
import { text } from './changeText';
import { setPolicyCommand } from './equals';
import { jobLink } from './jobLink';

export default function ChangePolicy({ item, onClose }: { item: Item; onClose: () => void }) {
  const t = useText(text);
  const terms = useTerms();
  const { action } = useText(actionText);
  const { friendlyName: name, policyName: before } = item.properties;
  const [policy, setPolicy] = useState(before);
  const isSame = policy.toLowerCase() === before.toLowerCase();
  const change = async () => {
    const job = await changeItem(item, { policyId: policyOf(item, policy) });
    return { to: jobLink(item, job, t.job) };
  };
  return (
    <ActionPane
      title={action.changePolicy}
      item={item}
      label={terms.save}
      told={{
        begun: t.changing(name),
        done: t.changed(name, policy),
        failed: t.changeFailed(name),
      }}
      work={change}
      onClose={onClose}
      refused={isSame ? t.samePolicy : undefined}
      action={ITEM_ACTION.write}
      equal={setPolicyCommand(item, policyOf(item, policy), policy)}
    >
      <Facts isSingle of={[[t.policyNow, before]]} />
      <Body1>{t.changeWhat}</Body1>
      <PolicyPicker
        of={{ group: groupOf(item.id), vault: vaultOf(item.id) }}
        chosen={policy}
        onChange={setPolicy}
      />
    </ActionPane>
  );
}
