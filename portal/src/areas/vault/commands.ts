/** The commands that are equal to what is done to a vault. */
import type { SoftDelete } from '../../api/vaultSettings';
import { softDeleteBody, vaultConfigPath } from '../../api/vaultSettings';
import type { EqualCommand } from '../../parts/Equal';
import { quoted } from '../../parts/Equal';
import type { VaultPlace } from './VaultLayout';

/** How `az` and `stillpoint` call the states of soft delete. */
const AZ: Partial<Record<SoftDelete, string>> = { Enabled: 'Enable', Disabled: 'Disable' };
const WORDS: Record<SoftDelete, string> = { Enabled: 'on', Disabled: 'off', AlwaysON: 'always' };

export function softDeleteEqual(
  { group, vault }: VaultPlace,
  id: string,
  state: SoftDelete,
  days: number,
): EqualCommand {
  const az = AZ[state];
  return {
    stillpoint: `stillpoint vault set ${quoted(vault)} --soft-delete ${WORDS[state]} --soft-delete-days ${days}`,
    az:
      az &&
      `az backup vault backup-properties set -g ${quoted(group)} -n ${quoted(vault)} --soft-delete-feature-state ${az} --soft-delete-duration ${days}`,
    rest: { method: 'PATCH', path: vaultConfigPath(id), body: softDeleteBody(state, days) },
  };
}

export const deleteEqual = ({ group, vault }: VaultPlace, id: string): EqualCommand => ({
  stillpoint: `stillpoint vault delete ${quoted(vault)}`,
  az: `az backup vault delete -g ${quoted(group)} -n ${quoted(vault)} --yes`,
  rest: { method: 'DELETE', path: id },
});

export const countEqual = (vault: string, at: string): EqualCommand => ({
  stillpoint: `stillpoint vault usage ${quoted(vault)} --check`,
  rest: { method: 'POST', path: `${at}/count` },
});
