/** The pages' paths, and which page a resource has. */
import { groupOf, machineOf, nameOf, vaultOf } from '../api/ids';

const e = encodeURIComponent;

export const path = {
  vault: (group: string, vault: string, section = '') =>
    `/vaults/${e(group)}/${e(vault)}${section && `/${section}`}`,
  machine: (group: string, machine: string, section = '') =>
    `/machines/${e(group)}/${e(machine)}${section && `/${section}`}`,
  /** An item's page is the vault's, with the machine's group and name. */
  item: (id: string, section = '') => {
    const { group, machine } = machineOf(id);
    const item = `items/vm/${e(group)}/${e(machine)}${section && `/${section}`}`;
    return path.vault(groupOf(id), vaultOf(id), item);
  },
  job: (id: string) => path.vault(groupOf(id), vaultOf(id), `jobs/${e(nameOf(id))}`),
  policy: (id: string) => path.vault(groupOf(id), vaultOf(id), `policies/${e(nameOf(id))}`),
  group: (name: string, section = '') => `/groups/${e(name)}${section && `/${section}`}`,
  host: (name: string) => `/hosts/${e(name)}`,
};

/** The page of the resource with this id. */
export function pathOf(id: string): string | undefined {
  const low = id.toLowerCase();
  if (low.includes('/protecteditems/')) return path.item(id);
  if (low.includes('/backupjobs/')) return path.job(id);
  if (low.includes('/backuppolicies/')) return path.policy(id);
  if (low.includes('/vaults/')) return path.vault(groupOf(id), vaultOf(id));
  if (low.includes('/virtualmachines/')) return path.machine(groupOf(id), nameOf(id));
  if (low.includes('/hosts/')) return path.host(nameOf(id));
  if (low.includes('/vaultpools/') || low.includes('/restorefolders/')) return '/storage';
  if (low.includes('/restorepointcollections/')) return path.group(groupOf(id));
  if (/\/resourcegroups\/[^/]+$/.test(low)) return path.group(nameOf(id));
  return undefined;
}
