/** What is mended by hand, in English: snapshots that a lock keeps, alerts (PORTAL-22, 23). */
import assert from 'node:assert/strict';
import { command, follow, openRow, press } from './parts.ts';
import type { Person } from './world.ts';
import { given } from './world.ts';

/** Takes a lock off the group of snapshots, and deletes the machine's collection in it. */
export async function repairSnapshots(one: Person) {
  const { page, sees, check } = one;
  const main = page.getByRole('main');
  await one.go('/groups', 'Resource groups');
  await main.getByRole('link', { name: /^AzureBackupRG_/ }).click();
  await sees(page.getByRole('heading', { level: 1, name: /^AzureBackupRG_/ }));
  await page.getByRole('link', { name: 'Locks', exact: true }).click();
  await command(one, 'Add').click();
  await page.getByRole('textbox', { name: 'Lock name' }).fill('kept');
  await press(one, 'OK');
  const remove = main.getByRole('button', { name: 'Delete the lock kept' });
  await remove.click();
  await check('delete a lock');
  await press(one, 'Delete lock');
  await sees(page.getByText('The lock kept was deleted'));
  await remove.waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await main.getByRole('switch', { name: 'Show hidden types' }).check();
  const collection = `AzureBackup_${given.machine}_`;
  await check('what is in a group of snapshots');
  await openRow(one, collection);
  await page.getByRole('menuitem', { name: 'Delete collection' }).click();
  await check('delete a collection of snapshots');
  await press(one, 'Delete collection');
  await sees(page.getByText(/^The collection .* is being deleted/));
  // The server takes its time, and the list says so.
  await one.go('/snapshots', 'Snapshot groups');
  const kept = main.getByRole('row').filter({ hasText: collection }).filter({ hasText: 'Ready' });
  await sees(page.getByRole('heading', { name: 'Collections of snapshots' }));
  await check('snapshots that go');
  assert.equal(await kept.count(), 0);
}

/** Makes an alert inactive, and has the vault raise none for jobs that fail. */
export async function quieten(one: Person, vault: string) {
  const { page, sees, check } = one;
  const main = page.getByRole('main');
  const alert = 'Deleted data is gone for good';
  await one.go(`/vaults/default/${vault}`, vault);
  await follow(one, vault, 'Backup alerts');
  await main.getByRole('button', { name: alert }).click();
  await check('an alert');
  await press(one, 'Inactivate');
  await sees(page.getByText(`“${alert}” is inactive`));
  await page.keyboard.press('Escape');
  await main.getByRole('button', { name: alert }).waitFor({ state: 'detached' });
  await command(one, 'Configure notifications').click();
  await page.getByRole('switch', { name: 'Alerts for failed jobs of this vault' }).uncheck();
  await check('which alerts there are');
  await press(one, 'Save');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await command(one, 'Configure notifications').click();
  const isOff = page.getByRole('switch', { name: /^Alerts for failed jobs/, checked: false });
  await sees(isOff);
}
