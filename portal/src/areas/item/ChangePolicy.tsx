/** Another policy for an item; it counts at once (PORTAL-15). */
import { Body1 } from '@fluentui/react-components';
import { useState } from 'react';
import { ITEM_ACTION, changeItem } from '../../api/items';
import type { Item } from '../../api/items';
import type { Policy } from '../../api/policies';
import { Facts } from '../../parts/Facts';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { ActionPane } from './ActionPane';
import { PolicyField } from './PolicyField';
import { text as actionText } from './actionText';
import { text } from './changeText';
import { setPolicyCommand } from './equals';
import { jobLink } from './jobLink';
import { useAct } from './useAct';

export default function ChangePolicy({ item, onClose }: { item: Item; onClose: () => void }) {
  const t = useText(text);
  const terms = useTerms();
  const { action } = useText(actionText);
  const [policy, setPolicy] = useState<Policy>();
  const { act, isBusy, error } = useAct(onClose);
  const { friendlyName: name, policyName: before } = item.properties;
  const isSame = policy?.name === before;
  const change = () => {
    if (!policy) return;
    act({ begun: t.changing(name), failed: t.changeFailed(name) }, async () => {
      const job = await changeItem(item, { policyId: policy.id });
      return { title: t.changed(name, policy.name), to: jobLink(item, job, t.job) };
    });
  };
  return (
    <ActionPane
      title={action.changePolicy}
      item={item}
      label={terms.save}
      onAct={change}
      onClose={onClose}
      isBusy={isBusy}
      isReady={policy !== undefined && !isSame}
      error={error}
      needs={{ action: ITEM_ACTION.write, on: item.id }}
      equal={policy && setPolicyCommand(item, policy.id, policy.name)}
    >
      <Facts isSingle of={[[t.policyNow, before]]} />
      <Body1>{t.changeWhat}</Body1>
      <PolicyField
        item={item}
        value={policy}
        onChange={setPolicy}
        error={isSame ? t.samePolicy : undefined}
      />
    </ActionPane>
  );
}
