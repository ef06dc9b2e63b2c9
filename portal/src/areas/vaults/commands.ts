/** The commands that are equal to making a vault. */
import type { Group } from '../../api/groups';
import { vaultBody } from '../../api/vaults';
import type { EqualCommand } from '../../parts/Equal';
import { quoted } from '../../parts/Equal';
import type { Draft } from './draft';
import { placeOf } from './draft';

export function createEqual(subscription: string, draft: Draft, groups: Group[]): EqualCommand {
  const { name, location, isNewGroup } = draft;
  const group = placeOf(draft).name;
  const groupPath = `${subscription}/resourceGroups/${group}`;
  // The command makes vaults where their group is, and no groups.
  const isThere = groups.find((g) => g.name === group)?.location === location;
  const put = {
    method: 'PUT',
    path: `${groupPath}/providers/Microsoft.RecoveryServices/vaults/${name}`,
    body: vaultBody(location),
  } as const;
  const az = `az backup vault create -g ${quoted(group)} -n ${quoted(name)} -l ${quoted(location)}`;
  if (!isNewGroup) {
    return {
      stillpoint: isThere
        ? `stillpoint vault create -v ${quoted(name)} -g ${quoted(group)}`
        : undefined,
      az,
      rest: put,
    };
  }
  return {
    az: `az group create -n ${quoted(group)} -l ${quoted(location)}\n${az}`,
    rest: [{ method: 'PUT', path: groupPath, body: { location } }, put],
  };
}
