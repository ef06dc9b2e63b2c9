/** The commands that are equal to enabling backup of a machine. */
import type { Group } from '../../api/groups';
import type { MachineRow } from '../../api/machines';
import type { Call, EqualCommand } from '../../parts/Equal';
import { savingPolicy } from '../policies/equal';
import type { FirstPolicy } from '../policies/FirstPolicyPicker';
import { draftOfBody } from '../policies/wire';
import { enabling } from '../protect/equal';
import { createEqual } from '../vaults/commands';
import { placeOf } from '../vaults/draft';
import type { Draft } from '../vaults/draft';

const calls = ({ rest }: EqualCommand): Call[] => (Array.isArray(rest) ? rest : [rest]);

/** One command after the other. */
function joined(all: EqualCommand[]): EqualCommand {
  const lines = (of: (command: EqualCommand) => string | undefined) => {
    const found = all.map(of);
    return found.every((line) => line !== undefined) ? found.join('\n') : undefined;
  };
  return {
    stillpoint: lines((c) => c.stillpoint),
    az: lines((c) => c.az),
    rest: all.flatMap(calls),
  };
}

/** In a vault that is made along with it. */
export function enablingInNew(
  subscription: string,
  machine: MachineRow,
  draft: Draft,
  groups: Group[],
  policy: FirstPolicy,
): EqualCommand {
  const of = { group: placeOf(draft).name, vault: draft.name || 'NAME' };
  const vault = `${subscription}/resourceGroups/${of.group}/providers/Microsoft.RecoveryServices/vaults/${of.vault}`;
  const kept = policy.kept?.name === policy.name ? policy.kept : undefined;
  const saving =
    kept &&
    savingPolicy(of, draftOfBody(kept.name, kept.body, kept.settings), kept.body, vault, undefined);
  return joined([
    createEqual(subscription, { ...draft, name: of.vault }, groups),
    ...(saving ? [saving] : []),
    enabling(of, vault, [machine.id], policy.name),
  ]);
}
