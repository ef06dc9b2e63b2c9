/** The policy editor: a pane with all fields in POLICY-4's order, and OK. */
import { Button, Field, Input, MessageBar, MessageBarBody } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useId, useState } from 'react';
import { policiesQuery, settingsQuery } from '../../api/policies';
import type { In, Policy, PolicySettings } from '../../api/policies';
import { vaultQuery } from '../../api/vaults';
import { Equal } from '../../parts/Equal';
import { Failure } from '../../parts/Failure';
import { Guarded } from '../../parts/Guarded';
import { Panel } from '../../parts/Panel';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import { useCalendar } from './calendar';
import { Consequences } from './Consequences';
import { ConsistencySection } from './ConsistencySection';
import { blank, fitted, isNear } from './draft';
import type { Draft } from './draft';
import type { Kept } from './first';
import { savingPolicy } from './equal';
import { FIRST } from './first';
import { Section } from './formParts';
import { formText } from './formText';
import { InstantSection } from './InstantSection';
import { Preview } from './Preview';
import { RetentionSection } from './RetentionSection';
import { faultsOf } from './rules';
import { ScheduleSection } from './ScheduleSection';
import { useSave } from './useSave';
import { bodyOf, draftOf } from './wire';

export interface PolicyFormProps {
  of: In;
  /** The policy that is edited; none for a new one. */
  policy?: Policy;
  onClose: () => void;
  onSaved?: (policy: Policy) => void;
  /** Takes the policy instead of saving it: its vault is not there yet. */
  keep?: (kept: Kept) => void;
}

export function PolicyForm(props: PolicyFormProps) {
  const { of, policy } = props;
  const t = useText(formText);
  const settings = useQuery({
    ...settingsQuery(of, policy?.name ?? ''),
    enabled: policy !== undefined,
    // What is edited isn't exchanged while somebody edits it.
    staleTime: Infinity,
    gcTime: 0,
  });
  if (!policy || settings.data) return <Editor {...props} settings={settings.data} />;
  return (
    <Panel title={t.edit(policy.name)} onClose={props.onClose}>
      {settings.error ? <Failure error={settings.error} /> : <Waiting />}
    </Panel>
  );
}

function Editor(props: PolicyFormProps & { settings?: PolicySettings }) {
  const { of, policy, settings, onClose, keep } = props;
  const t = useText(formText);
  const terms = useTerms();
  const calendar = useCalendar();
  const [first] = useState<Draft>(() => (policy ? draftOf(policy, settings) : blank()));
  const [draft, setDraft] = useState(first);
  const [isTried, setIsTried] = useState(false);
  const form = useId();
  const others = useQuery({ ...policiesQuery(of), enabled: !keep }).data ?? [];
  const taken = policy ? undefined : keep ? FIRST : others.map((p) => p.name);
  const items = policy?.properties.protectedItemsCount ?? 0;
  const all = faultsOf(draft, taken, t.faults, calendar);
  const hasFaults = Object.keys(all).length > 0;
  // An empty name is no fault before somebody has tried to save it.
  const faults = !isTried && !draft.name ? { ...all, name: undefined } : all;
  const body = useMemo(() => bodyOf(draft), [draft]);
  const saving = useSave(props, first);
  const sections = {
    draft,
    faults,
    change: (change: Partial<Draft>) => setDraft((before) => fitted(before, change)),
  };
  const { data: vault } = useQuery({ ...vaultQuery(of.group, of.vault), enabled: !keep });
  const needs = vault && {
    action: 'Microsoft.RecoveryServices/vaults/backupPolicies/write',
    on: vault.id,
  };
  const save = () => {
    setIsTried(true);
    if (hasFaults) return;
    if (!keep) return void saving.save(draft);
    keep({ name: draft.name, body, settings: draft.settings });
    onClose();
  };
  return (
    <Panel
      title={policy ? t.edit(policy.name) : t.create}
      form={form}
      onClose={onClose}
      actions={
        <>
          <Guarded
            appearance="primary"
            form={form}
            needs={needs}
            isBusy={saving.isBusy}
            onClick={save}
          >
            {terms.ok}
          </Guarded>
          <Button onClick={onClose}>{terms.cancel}</Button>
        </>
      }
    >
      {!policy && (
        <Field
          label={t.name}
          required
          hint={t.nameHint}
          validationMessage={faults.name}
          validationState={faults.name ? 'error' : 'none'}
        >
          <Input value={draft.name} onChange={(_, { value }) => sections.change({ name: value })} />
        </Field>
      )}
      <ScheduleSection
        {...sections}
        isKindFixed={items > 0}
        sameHour={others
          .filter((p) => p.name !== policy?.name && isNear(draftOf(p), draft))
          .map((p) => p.name)}
      />
      <InstantSection {...sections} />
      <RetentionSection {...sections} />
      <ConsistencySection {...sections} />
      <Section title={t.preview}>
        <Preview body={hasFaultsOfRules(all) ? undefined : body} />
      </Section>
      <Consequences old={first} next={draft} items={items} />
      {!keep && <Equal to={savingPolicy(of, draft, body, vault?.id, policy && first.settings)} />}
      {isTried && hasFaults && (
        <MessageBar intent="error" layout="multiline" role="alert">
          <MessageBarBody>{t.mend}</MessageBarBody>
        </MessageBar>
      )}
      {saving.error !== undefined && <Failure error={saving.error} />}
    </Panel>
  );
}

/** Whether anything but the name is wrong. */
const hasFaultsOfRules = ({ name: _name, ...rest }: ReturnType<typeof faultsOf>) =>
  Object.keys(rest).length > 0;
