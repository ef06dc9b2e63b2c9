/** Commands that are equal to what is done to policies. */
import { settingsOf } from '../../api/policies';
import type { In, PolicyBody, PolicySettings } from '../../api/policies';
import type { EqualCommand } from '../../parts/Equal';
import { azRest, quoted } from '../../parts/Equal';
import { settingsToSave } from './draft';
import type { Draft } from './draft';

/** `subscription` is the id of the vault, as far as it is known. */
const at = (of: In, vaultId: string | undefined, name: string) =>
  `${vaultId ?? `/subscriptions/…/resourceGroups/${of.group}/providers/Microsoft.RecoveryServices/vaults/${of.vault}`}/backupPolicies/${encodeURIComponent(name)}`;

const az = (of: In) => `--resource-group ${quoted(of.group)} --vault-name ${quoted(of.vault)}`;

/** `before` are the settings of a policy that is changed; a new one has none. */
export function savingPolicy(
  of: In,
  draft: Draft,
  body: PolicyBody,
  vaultId: string | undefined,
  before: PolicySettings | undefined,
): EqualCommand {
  const name = draft.name || 'NAME';
  const json = JSON.stringify(body, null, 2);
  const word = quoted(name);
  const set = `stillpoint policy set ${word} -v ${quoted(of.vault)} --file /dev/stdin <<'EOF'\n${json}\nEOF`;
  const verb = before ? 'set' : 'create --backup-management-type AzureIaasVM';
  const saving = `az backup policy ${verb} --name ${word} ${az(of)} --policy ${quoted(JSON.stringify(body))}`;
  const put = { method: 'PUT', path: at(of, vaultId, name), body } as const;
  const settings = settingsToSave(before, draft.settings);
  if (!settings) return { stillpoint: set, az: saving, rest: [put] };
  const path = settingsOf(put.path);
  const more = { method: 'PUT', path, body: { properties: settings } } as const;
  const flags = `--refuse-downgrades ${settings.refuseDowngrades} --refuse-standard-items ${settings.refuseStandardItems}`;
  return {
    stillpoint: `${set}\nstillpoint policy settings ${word} -v ${quoted(of.vault)} ${flags}`,
    az: `${saving}\n${azRest(more)}`,
    rest: [put, more],
  };
}

export const deletingPolicy = (
  of: In,
  vaultId: string | undefined,
  name: string,
): EqualCommand => ({
  stillpoint: `stillpoint policy delete ${quoted(name)} -v ${quoted(of.vault)}`,
  az: `az backup policy delete --name ${quoted(name)} ${az(of)}`,
  rest: { method: 'DELETE', path: at(of, vaultId, name) },
});
