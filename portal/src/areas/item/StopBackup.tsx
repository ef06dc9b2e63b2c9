/** "Stop backup": the data is kept for ever, as per policy, or deleted (PORTAL-16; PROT-11, 12). */
import { Field, Radio, RadioGroup, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { ITEM_ACTION, changeItem } from '../../api/items';
import type { Item } from '../../api/items';
import { useText } from '../../text/text';
import { ActionPane } from './ActionPane';
import { ConsentFields, SoftDeleteWarning, useConsent } from './SoftDelete';
import { text as actionText } from './actionText';
import { text } from './changeText';
import { KEEP, PER_POLICY, deleteCommand, keepCommand, perPolicyCommand } from './equals';
import { jobLink } from './jobLink';
import { isSuspended } from './possible';
import { useDelete } from './useDelete';

type Way = 'keep' | 'perPolicy' | 'remove';

const EQUAL = { keep: keepCommand, perPolicy: perPolicyCommand, remove: deleteCommand };

const useStyles = makeStyles({
  what: {
    display: 'block',
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
  },
});

export default function StopBackup({ item, onClose }: { item: Item; onClose: () => void }) {
  const t = useText(text);
  const { action } = useText(actionText);
  const styles = useStyles();
  const [way, setWay] = useState<Way>('keep');
  const consent = useConsent(item);
  const deleting = useDelete(item);
  const name = item.properties.friendlyName;
  const stopping = { begun: t.stopping(name), done: t.stopped(name), failed: t.stopFailed(name) };
  const stop = async () => {
    const job = await changeItem(item, way === 'keep' ? KEEP : PER_POLICY);
    return { to: jobLink(item, job, t.job) };
  };
  const isRemoval = way === 'remove';
  // What is kept as per policy is stopped so already.
  const ways: Way[] = isSuspended(item) ? ['keep', 'remove'] : ['keep', 'perPolicy', 'remove'];
  const words: Record<Way, [name: string, what: string]> = {
    keep: [t.keep, t.keepWhat],
    perPolicy: [t.perPolicy, t.perPolicyWhat],
    remove: [t.remove, t.removeWhat],
  };
  return (
    <ActionPane
      title={action.stop}
      item={item}
      label={action.stop}
      told={isRemoval ? deleting.told : stopping}
      work={isRemoval ? () => deleting.remove(consent.consent.why) : stop}
      onClose={onClose}
      refused={isRemoval && !consent.consent.isGiven ? t.noConsent : undefined}
      action={isRemoval ? ITEM_ACTION.delete : ITEM_ACTION.stop}
      equal={EQUAL[way](item, consent.consent.why)}
    >
      <Field label={t.stopWhat}>
        <RadioGroup value={way} onChange={(_, { value }) => setWay(value as Way)}>
          {ways.map((way) => (
            <Radio
              key={way}
              value={way}
              label={
                <>
                  {words[way][0]}
                  <span className={styles.what}>{words[way][1]}</span>
                </>
              }
            />
          ))}
        </RadioGroup>
      </Field>
      {isRemoval && (
        <>
          <SoftDeleteWarning item={item} />
          <ConsentFields item={item} of={consent} />
        </>
      )}
    </ActionPane>
  );
}
