/** Commands that are equal to what is done to policies. */
import type { In, PolicyBody } from '../../api/policies';
import type { EqualCommand } from '../../parts/Equal';
import { quoted } from '../../parts/Equal';
import type { Draft } from './draft';

/** `subscription` is the id of the vault, as far as it is known. */
const at = (of: In, vaultId: string | undefined, name: string) =>
  `${vaultId ?? `/subscriptions/…/resourceGroups/${of.group}/providers/Microsoft.RecoveryServices/vaults/${of.vault}`}/backupPolicies/${encodeURIComponent(name)}`;

const az = (of: In) => `--resource-group ${quoted(of.group)} --vault-name ${quoted(of.vault)}`;

export function savingPolicy(
  of: In,
  draft: Draft,
  body: PolicyBody,
  vaultId: string | undefined,
  isOld: boolean,
): EqualCommand {
  const name = draft.name || 'NAME';
  const json = JSON.stringify(body, null, 2);
  const word = quoted(name);
  const { refuseDowngrades, refuseStandardItems } = draft.settings;
  const settings = [
    refuseDowngrades && '--refuse-downgrades true',
    refuseStandardItems && '--refuse-standard-items true',
  ].filter(Boolean);
  const set = `stillpoint policy set ${word} -v ${quoted(of.vault)} --file /dev/stdin <<'EOF'\n${json}\nEOF`;
  const more = `stillpoint policy settings ${word} -v ${quoted(of.vault)} ${settings.join(' ')}`;
  const verb = isOld ? 'set' : 'create --backup-management-type AzureIaasVM';
  return {
    stillpoint: settings.length ? `${set}\n${more}` : set,
    az: `az backup policy ${verb} --name ${word} ${az(of)} --policy ${quoted(JSON.stringify(body))}`,
    rest: { method: 'PUT', path: at(of, vaultId, name), body },
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
