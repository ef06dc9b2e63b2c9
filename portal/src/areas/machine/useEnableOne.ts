/** Enables backup of one machine: makes its vault and policy first where they are new. */
import { useState } from 'react';
import { createGroup } from '../../api/groups';
import type { MachineRow } from '../../api/machines';
import { policyId, savePolicy } from '../../api/policies';
import type { In } from '../../api/policies';
import { enable } from '../../api/protection';
import { createVault, vaultId } from '../../api/vaults';
import { path } from '../../frame/paths';
import { TOUCHED } from '../../frame/touched';
import { useWork } from '../../frame/useWork';
import { useText } from '../../text/text';
import { settingsToSave } from '../policies/draft';
import type { Kept } from '../policies/first';
import type { Draft } from '../vaults/draft';
import { text } from './text';

export interface Wanted {
  of: In;
  /** The vault, where it is new. */
  draft?: Draft;
  /** The policy's name. */
  policy: string;
  /** The policy, where it is new along with its vault. */
  kept?: Kept;
}

const TOUCHES = [...TOUCHED.vault, ...TOUCHED.item];

/** What was made and stays, though nothing came of it. */
export interface Stays {
  isGroup?: boolean;
  /** The vault's id. */
  vault?: string;
}

export function useEnableOne(machine: MachineRow) {
  const t = useText(text);
  const { work, error } = useWork(TOUCHES);
  const [step, setStep] = useState<string>();

  /** Makes what is new. What was made stays if a later step fails. */
  const make = async ({ of, draft, kept }: Wanted, stays: Stays) => {
    if (draft?.isNewGroup) {
      setStep(t.steps.group(of.group));
      await createGroup(of.group, draft.location);
      stays.isGroup = true;
    }
    if (draft) {
      setStep(t.steps.vault(of.vault));
      const id = await vaultId(of.group, of.vault);
      await createVault(id, draft.location);
      stays.vault = id;
    }
    if (kept) {
      setStep(t.steps.policy(kept.name));
      await savePolicy(of, kept.name, kept.body, settingsToSave(undefined, kept.settings));
    }
  };

  /** Gives what stays if nothing came of it. */
  const run = async (wanted: Wanted): Promise<Stays> => {
    const { of, policy } = wanted;
    setStep(t.steps.enable);
    const said = {
      begun: t.started,
      body: t.startedBody(machine.name, of.vault),
      failed: t.failed,
    };
    const stays: Stays = {};
    const isDone = await work(said, async () => {
      await make(wanted, stays);
      setStep(t.steps.enable);
      await enable(of, machine.id, await policyId(of, policy));
      const to = path.machine(machine.properties.resourceGroup, machine.name, 'backup');
      return {
        title: t.succeeded,
        body: t.succeededBody(machine.name),
        to: { path: to, label: t.toBackup },
      };
    });
    setStep(undefined);
    return isDone ? {} : stays;
  };
  return { enable: run, step, error };
}
