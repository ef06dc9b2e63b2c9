/** Every page, with what its heading says in English. */
import { given } from './world.ts';

export function pages(vault: string): [path: string, title: string | RegExp][] {
  const at = `/vaults/default/${vault}`;
  return [
    ['/', 'Home'],
    ['/services', 'All services'],
    ['/vaults', 'Recovery Services vaults'],
    ['/vaults/create', 'Create Recovery Services vault'],
    [at, vault],
    [`${at}/backup`, vault],
    [`${at}/properties`, vault],
    [`${at}/infrastructure`, vault],
    [`${at}/locks`, vault],
    [`${at}/delete`, vault],
    [`${at}/items`, vault],
    [`${at}/items/vm`, vault],
    [`${at}/items/vm/default/${given.machine}`, given.machine],
    [`${at}/items/vm/default/${given.machine}/restore`, `Restore ${given.machine}`],
    [`${at}/jobs`, vault],
    [`${at}/policies`, vault],
    [`${at}/policies/DefaultPolicy`, 'DefaultPolicy'],
    [`${at}/alerts`, vault],
    [`${at}/activity`, vault],
    ['/machines', 'Virtual machines'],
    [`/machines/default/${given.machine}`, given.machine],
    [`/machines/default/${given.machine}/backup`, given.machine],
    ['/items', 'Backup items'],
    ['/jobs', 'Backup jobs'],
    ['/policies', 'Backup policies'],
    ['/alerts', 'Backup alerts'],
    ['/activity', 'Activity log'],
    ['/hosts', 'Hosts'],
    ['/storage', /./],
    ['/snapshots', 'Snapshot groups'],
    ['/groups', 'Resource groups'],
    ['/groups/default', 'default'],
    ['/costs', /./],
    ['/access', 'Users and roles'],
    ['/help', 'Help and feedback'],
    ['/nothing', 'There is no such page.'],
  ];
}
