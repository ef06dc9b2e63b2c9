/**
 * "Enable backup" of one machine: a vault that is there or a new one, a policy, and the button
 * (PORTAL-1). It ends as the same item as configuring backup from the vault.
 */
import {
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  Spinner,
  Subtitle1,
  Text,
  makeStyles,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { groupsQuery } from '../../api/groups';
import { groupOf } from '../../api/ids';
import type { MachineRow } from '../../api/machines';
import { policiesQuery } from '../../api/policies';
import { enablingRights, validationQuery } from '../../api/protection';
import { useSubscription } from '../../api/subscription';
import { vaultsQuery } from '../../api/vaults';
import { Equal } from '../../parts/Equal';
import { Failure } from '../../parts/Failure';
import { Guarded } from '../../parts/Guarded';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { useRefusalText } from '../machines/useActionsOfMachines';
import { DEFAULT_POLICY } from '../policies/first';
import type { FirstPolicy } from '../policies/FirstPolicyPicker';
import { FirstPolicyPicker } from '../policies/FirstPolicyPicker';
import { PolicyPicker } from '../policies/PolicyPicker';
import { enabling } from '../protect/equal';
import { EMPTY, makingRights, placeOf, scopeOfNew, withGroupMade } from '../vaults/draft';
import { enablingInNew } from './equal';
import { text } from './text';
import { useEnableOne } from './useEnableOne';
import { VaultChoice, useWrong } from './VaultChoice';
import type { Choice } from './VaultChoice';

const useStyles = makeStyles({
  form: { display: 'grid', gap: '20px', maxWidth: '640px' },
  title: { display: 'block', margin: '4px 0' },
});

export function EnableBackup({ machine }: { machine: MachineRow }) {
  const vaults = useQuery(vaultsQuery);
  if (vaults.error) {
    return <Failure error={vaults.error} retry={() => void vaults.refetch()} />;
  }
  if (!vaults.data) return <Waiting />;
  const here = vaults.data.filter(
    (v) => v.location.toLowerCase() === machine.location.toLowerCase(),
  );
  return <Form machine={machine} vaults={here} />;
}

function Form({ machine, vaults }: { machine: MachineRow; vaults: Choice['vaults'] }) {
  const styles = useStyles();
  const t = useText(text);
  const subscription = useSubscription()?.id ?? '';
  const group = machine.properties.resourceGroup;
  const [choice, setChoice] = useState<Omit<Choice, 'vaults'>>(() => ({
    isNew: vaults.length === 0,
    vault: vaults[0]?.id ?? '',
    draft: { ...EMPTY, group, location: machine.location },
  }));
  const [policy, setPolicy] = useState(DEFAULT_POLICY);
  const [firstPolicy, setFirstPolicy] = useState<FirstPolicy>({ name: DEFAULT_POLICY });
  const [isTried, setIsTried] = useState(false);
  const { isNew, draft } = choice;
  const vault = vaults.find((v) => v.id === choice.vault);
  const of = isNew
    ? { group: placeOf(draft).name, vault: draft.name }
    : { group: groupOf(choice.vault), vault: vault?.name ?? '' };
  const wrong = useWrong({ ...choice, vaults });
  const policies = useQuery({ ...policiesQuery(of), enabled: !isNew && vault !== undefined }).data;
  const hasPolicy = isNew || !policies || policies.some((one) => one.name === policy);
  const { enable, step, error } = useEnableOne(machine);
  const groups = useQuery(groupsQuery).data ?? [];
  const equal = isNew
    ? enablingInNew(subscription, machine, draft, groups, firstPolicy)
    : enabling(of, choice.vault, [machine.id], policy);
  const [left, setLeft] = useState<string>();
  const begin = async () => {
    setIsTried(true);
    setLeft(undefined);
    if (Object.keys(wrong).length) return;
    const stays = await enable({
      of,
      draft: isNew ? draft : undefined,
      policy: isNew ? firstPolicy.name : policy,
      kept: isNew && firstPolicy.kept?.name === firstPolicy.name ? firstPolicy.kept : undefined,
    });
    const made = stays.vault;
    if (stays.isGroup) setChoice((before) => ({ ...before, draft: withGroupMade(before.draft) }));
    if (made === undefined) return;
    setLeft(draft.name);
    setPolicy(firstPolicy.name);
    setChoice((before) => ({ ...before, isNew: false, vault: made }));
  };
  const advice = useAdvice(machine, vault?.id);
  return (
    <div className={styles.form}>
      <div>
        <Subtitle1 as="h2" className={styles.title}>
          {t.enableTitle}
        </Subtitle1>
        <Text>{t.enableLead}</Text>
      </div>
      {advice.refusal && (
        <MessageBar intent="error" layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>{t.unsupported}</MessageBarTitle>
            {advice.refusal}
          </MessageBarBody>
        </MessageBar>
      )}
      {advice.advice && (
        <MessageBar intent="info" layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>{t.adviceTitle}</MessageBarTitle>
            {advice.advice}
          </MessageBarBody>
        </MessageBar>
      )}
      <VaultChoice
        machine={machine}
        choice={{ ...choice, vaults }}
        wrong={isTried || draft.name ? wrong : {}}
        onChange={(some) => {
          // Another vault has other policies; the default one is in each.
          if (some.vault !== undefined) setPolicy(DEFAULT_POLICY);
          setChoice((before) => ({ ...before, ...some }));
        }}
      />
      {isNew ? (
        <FirstPolicyPicker of={of} chosen={firstPolicy} onChange={setFirstPolicy} />
      ) : (
        vault && <PolicyPicker of={of} chosen={policy} onChange={setPolicy} hasPreview />
      )}
      {error !== undefined && <Failure error={error} />}
      {left && <Text>{t.vaultStays(left)}</Text>}
      <div>
        <Guarded
          appearance="primary"
          isBusy={step !== undefined}
          needs={
            isNew
              ? [
                  ...makingRights(draft, subscription),
                  ...enablingRights(scopeOfNew(draft, subscription), [machine.id]),
                ]
              : vault && enablingRights(vault.id, [machine.id])
          }
          refused={advice.refusal ?? (hasPolicy ? undefined : t.needPolicy)}
          onClick={() => void begin()}
        >
          {t.enable}
        </Guarded>
        {step && <Spinner size="tiny" label={step} />}
      </div>
      <Equal to={equal} />
    </div>
  );
}

/** What keeps the machine from being protected, and what is good to know (LIMIT-3, 4). */
function useAdvice(machine: MachineRow, vault: string | undefined) {
  const refusalText = useRefusalText();
  const { refusal } = machine.properties;
  const { data } = useQuery({
    ...validationQuery(machine.location, machine.id, vault),
    enabled: !refusal,
  });
  if (refusal) return { refusal: refusalText(refusal) };
  if (data?.status === 'Failed') {
    const { errorCode: code, errorMessage: message, recommendation } = data;
    return { refusal: refusalText({ code, message, recommendation }) };
  }
  return { advice: data?.recommendation };
}
