/** Enables backup of one machine: makes its vault and policy first where they are new. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { createGroup, GROUPS } from '../../api/groups';
import type { MachineRow } from '../../api/machines';
import { policyId, savePolicy } from '../../api/policies';
import type { In } from '../../api/policies';
import { enable } from '../../api/protection';
import { createVault, vaultId } from '../../api/vaults';
import { useTold } from '../../frame/notifications';
import { path } from '../../frame/paths';
import { useText } from '../../text/text';
import { useRefreshed } from '../item/useRefreshed';
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

/** What was made and stays, though nothing came of it. */
export interface Stays {
  isGroup?: boolean;
  /** The vault's id. */
  vault?: string;
}

export function useEnableOne(machine: MachineRow) {
  const t = useText(text);
  const told = useTold();
  const client = useQueryClient();
  const refreshed = useRefreshed();
  const [step, setStep] = useState<string>();
  const [error, setError] = useState<unknown>();

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
      const { refuseDowngrades, refuseStandardItems } = kept.settings;
      const isSet = refuseDowngrades || refuseStandardItems;
      await savePolicy(of, kept.name, kept.body, isSet ? kept.settings : undefined);
    }
  };

  /** Gives what stays if nothing came of it. */
  const run = async (wanted: Wanted): Promise<Stays> => {
    const { of, policy } = wanted;
    setError(undefined);
    setStep(t.steps.enable);
    const said = {
      begun: t.started,
      body: t.startedBody(machine.name, of.vault),
      failed: t.failed,
    };
    const stays: Stays = {};
    const isDone = await told(said, async () => {
      try {
        await make(wanted, stays);
        setStep(t.steps.enable);
        await enable(of, machine.id, await policyId(of, policy));
      } catch (error) {
        setError(error);
        throw error;
      }
      const to = path.machine(machine.properties.resourceGroup, machine.name, 'backup');
      return {
        title: t.succeeded,
        body: t.succeededBody(machine.name),
        to: { path: to, label: t.toBackup },
      };
    });
    const made = [[GROUPS], ['vaults'], ['policies']];
    await Promise.all(made.map((queryKey) => client.invalidateQueries({ queryKey })));
    await refreshed();
    setStep(undefined);
    return isDone ? {} : stays;
  };
  return { enable: run, step, error };
}
