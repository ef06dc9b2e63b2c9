/**
 * Configures backup from a vault: goal, policy, machines, "Enable backup" (PORTAL-7). Each step
 * closes with OK and the next one opens.
 */
import { Button, Dropdown, Field, Option, Text, makeStyles } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { policiesQuery } from '../../api/policies';
import type { Protectable } from '../../api/protection';
import { vaultQuery } from '../../api/vaults';
import { Failure } from '../../parts/Failure';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import { DEFAULT_POLICY } from '../policies/first';
import { PolicyPicker } from '../policies/PolicyPicker';
import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';
import { Review } from './Review';
import { SelectMachines, idOf } from './SelectMachines';
import type { Chosen } from './SelectMachines';
import { Step } from './Step';
import { text } from './text';

const useStyles = makeStyles({
  lead: { display: 'block', marginBottom: '12px' },
  form: { display: 'grid', gap: '16px', maxWidth: '560px' },
});

/** Machines that a policy takes from here (POLICY-26). */
const MOST = 100;

const STEPS = 4;

export default function Protect({ of }: { of: VaultPlace }) {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const [at, setAt] = useState(1);
  const [isBegun, setIsBegun] = useState(false);
  const [policyName, setPolicyName] = useState(DEFAULT_POLICY);
  const [chosen, setChosen] = useState<Chosen>(new Map());
  const [isTried, setIsTried] = useState(false);
  const vault = useQuery(vaultQuery(of.group, of.vault));
  const policies = useQuery(policiesQuery(of));
  const policy = policies.data?.find((p) => p.name.toLowerCase() === policyName.toLowerCase());
  const has = policy?.properties.protectedItemsCount ?? 0;
  const wrong =
    chosen.size + has > MOST && !isBegun
      ? t.tooMany(MOST, has)
      : chosen.size
        ? undefined
        : t.chooseSome;
  const state = (step: number) => (step === at ? 'open' : step < at ? 'done' : 'later');
  const step = (number: number) =>
    ({
      number,
      of: STEPS,
      state: state(number),
      onChange: isBegun ? undefined : () => setAt(number),
    }) as const;
  const remove = (machines: Protectable[]) => {
    const next = new Map(chosen);
    for (const m of machines) next.delete(idOf(m));
    setChosen(next);
    if (!next.size) setAt(3);
  };
  const error = vault.error ?? policies.error;
  const retry = () => void Promise.all([vault.refetch(), policies.refetch()]);
  return (
    <VaultLayout of={of} section="" title={t.title}>
      <Text className={styles.lead}>{t.lead}</Text>
      {error && <Failure error={error} retry={retry} />}
      {!vault.data && !error && <Waiting />}
      {vault.data && (
        <>
          <Step {...step(1)} title={t.goal} summary={t.goalDone}>
            <Goal />
            <Ok label={terms.ok} onClick={() => setAt(2)} />
          </Step>
          <Step {...step(2)} title={t.policy} summary={policyName}>
            <div className={styles.form}>
              <PolicyPicker of={of} chosen={policyName} onChange={setPolicyName} hasPreview />
            </div>
            <Ok label={terms.ok} isDisabled={!policy} onClick={() => setAt(3)} />
          </Step>
          <Step {...step(3)} title={t.machines} summary={t.selected(chosen.size)}>
            <SelectMachines
              vault={vault.data}
              chosen={chosen}
              onChange={setChosen}
              wrong={chosen.size || isTried ? wrong : undefined}
            />
            <Ok
              label={terms.ok}
              onClick={() => {
                setIsTried(true);
                if (!wrong) setAt(4);
              }}
            />
          </Step>
          <Step {...step(4)} title={t.review}>
            {policy && (
              <Review
                of={of}
                vault={vault.data}
                policy={policy}
                machines={[...chosen.values()]}
                onRemove={remove}
                onBegun={() => setIsBegun(true)}
              />
            )}
          </Step>
        </>
      )}
    </VaultLayout>
  );
}

function Ok(props: { label: string; isDisabled?: boolean; onClick: () => void }) {
  return (
    <div>
      <Button appearance="primary" disabled={props.isDisabled} onClick={props.onClick}>
        {props.label}
      </Button>
    </div>
  );
}

/** Where the workload runs and what is backed up: there is one answer to each here. */
function Goal() {
  const styles = useStyles();
  const t = useText(text);
  return (
    <div className={styles.form}>
      <Field label={t.where} required>
        <Dropdown defaultValue={t.here} defaultSelectedOptions={['Azure']}>
          <Option value="Azure">{t.here}</Option>
        </Dropdown>
      </Field>
      <Field label={t.what} required>
        <Dropdown defaultValue={t.machine} defaultSelectedOptions={['VM']}>
          <Option value="VM">{t.machine}</Option>
        </Dropdown>
      </Field>
    </div>
  );
}
