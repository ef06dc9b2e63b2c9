/** Commands that are equal to enabling backup. */
import { groupOf, nameOf, nativeNames } from '../../api/ids';
import type { In } from '../../api/policies';
import { enableBody } from '../../api/protection';
import type { EqualCommand } from '../../parts/Equal';
import { quoted } from '../../parts/Equal';

/** `policy` is a policy's name. */
export function enabling(
  { group, vault }: In,
  vaultId: string,
  machines: string[],
  policy: string,
): EqualCommand {
  const at = `--resource-group ${quoted(group)} --vault-name ${quoted(vault)}`;
  const path = (id: string) => {
    const names = nativeNames({ group: groupOf(id), machine: nameOf(id) });
    return `${vaultId}/backupFabrics/${names.fabric}/protectionContainers/${names.container}/protectedItems/${names.item}`;
  };
  const own = (id: string) => {
    // `-g` is the group of the vault and of the machine.
    const isOne = groupOf(id).toLowerCase() === group.toLowerCase();
    const of = `-v ${quoted(vault)}${isOne ? ` -g ${quoted(group)}` : ''}`;
    return `stillpoint protection enable ${quoted(nameOf(id))} --policy ${quoted(policy)} ${of}`;
  };
  const az = (id: string) =>
    `az backup protection enable-for-vm ${at} --vm ${quoted(id)} --policy-name ${quoted(policy)}`;
  return {
    stillpoint: machines.map(own).join('\n'),
    az: machines.map(az).join('\n'),
    rest: machines.map((id) => ({
      method: 'PUT' as const,
      path: path(id),
      body: enableBody(id, `${vaultId}/backupPolicies/${policy}`),
    })),
  };
}
