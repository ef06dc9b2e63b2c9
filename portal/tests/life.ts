/** What is done with a protected machine, in English (PORTAL-5, 6, 15, 16, 17, 19). */
import { command, follow, press } from './parts.ts';
import { EVIL, harmless } from './hosts.ts';
import type { Person } from './world.ts';
import { LONG, given } from './world.ts';

const item = (vault: string) => `/vaults/default/${vault}/items/vm/default/${given.machine}`;

/** Chooses locally redundant storage: both ways lead to one pane. */
export async function chooseRedundancy(one: Person, vault: string) {
  const { page, sees, check } = one;
  const pane = page.getByRole('dialog', { name: 'Backup Configuration' });
  await one.go(`/vaults/default/${vault}/infrastructure`, /Backup Infrastructure/);
  await page.getByRole('main').getByText('Backup Configuration').first().click();
  await sees(pane);
  await check('backup configuration, from backup infrastructure');
  await page.keyboard.press('Escape');
  await one.go(`/vaults/default/${vault}/properties`, /Properties/);
  await page.getByRole('button', { name: 'Update Backup Configuration' }).click();
  await pane.getByRole('radio', { name: /Locally-redundant/ }).check();
  await check('backup configuration');
  await press(one, 'Save');
  await sees(page.getByText(`${vault}: storage replication is now`));
}

/** What is protected is in the way of another redundancy, and the pane says so (REPL-4). */
export async function redundancyIsFixed(one: Person, vault: string) {
  const { page, sees, check } = one;
  await one.go(`/vaults/default/${vault}/properties`, /Properties/);
  await page.getByRole('button', { name: 'Update Backup Configuration' }).click();
  await sees(page.getByText('can’t be changed any more'));
  await check('backup configuration, fixed');
}

/** Restores all disks of the newest point to the folder for them. */
export async function restoreDisks(one: Person, vault: string) {
  const { page, sees, check } = one;
  await one.go(`${item(vault)}/restore`, `Restore ${given.machine}`);
  const main = page.getByRole('main');
  await check('restore, choosing a point');
  await main
    .getByRole('radio', { name: /Snapshot and vault/ })
    .first()
    .check();
  await main.getByRole('radio', { name: 'Restore disks' }).check();
  await check('restore disks');
  await main.getByRole('button', { name: 'Restore', exact: true }).click();
  await sees(page.getByText(`Restore triggered for ${given.machine}`), LONG);
  await page.getByText('View restore job').first().click();
  await main.getByText('Completed', { exact: true }).first().waitFor({ timeout: LONG });
  await check('a restore that is done');
}

/** Stops backups and keeps the data, and goes on with them. */
export async function stopAndResume(one: Person, vault: string) {
  const { page, sees, check } = one;
  await one.go(item(vault), given.machine);
  const main = page.getByRole('main');
  await command(one, 'Stop backup').click();
  await page.getByRole('radio', { name: /Retain backup data forever/ }).check();
  await check('stop backup');
  await press(one, 'Stop backup');
  await sees(page.getByText(`Backup of ${given.machine} is stopped`));
  await sees(main.getByText('Protection stopped'));
  await check('an item that is stopped');
  await command(one, 'Resume backup').click();
  await check('resume backup');
  await press(one, 'Resume backup');
  await sees(page.getByText(`Backup of ${given.machine} is resumed`));
  await sees(main.getByText('Protected', { exact: true }));
}

/** Deletes the data, which is undeleted, and then deletes it for good, soft delete being off. */
export async function deleteForGood(one: Person, vault: string) {
  const { page, sees, check } = one;
  await deleteData(one, vault, EVIL);
  await check('backup data that is deleted');
  const main = page.getByRole('main');
  await command(one, 'Undelete').click();
  await check('undelete');
  await press(one, 'Undelete');
  await sees(main.getByText('Protection stopped'));
  await switchSoftDeleteOff(one, vault);
  await one.go(item(vault), given.machine);
  await command(one, 'Delete backup data').click();
  await consent(one);
  await check('delete backup data');
  await press(one, 'Delete backup data');
  await sees(page.getByText(`Backup data of ${given.machine} is deleted`), LONG);
}

/** Stops protection and deletes the data. */
export async function deleteData(one: Person, vault: string, comment = '') {
  const { page, sees } = one;
  await one.go(item(vault), given.machine);
  await command(one, 'Stop backup').click();
  await page.getByRole('radio', { name: /Delete backup data/ }).check();
  await consent(one, comment);
  await press(one, 'Stop backup');
  await sees(page.getByText(`Backup data of ${given.machine} is deleted`), LONG);
}

/** The typed name and a reason, without which nothing is deleted (VAULT-20); and a comment. */
async function consent({ page }: Person, comment = '') {
  const pane = page.getByRole('dialog');
  await pane.getByRole('textbox', { name: /Type the name/ }).fill(given.machine);
  await pane.getByRole('combobox', { name: 'Reason' }).click();
  await page.getByRole('option', { name: 'It was a test' }).click();
  await pane.getByRole('textbox', { name: 'Comment' }).fill(comment);
}

/** Why the data was deleted stands in the activity log (VAULT-20), whatever somebody wrote. */
export async function seesWhy(one: Person, vault: string) {
  const { page } = one;
  await one.go(`/vaults/default/${vault}`, vault);
  await follow(one, vault, 'Activity log');
  const deletions = page.getByRole('button', { name: 'Stop backup and delete data' });
  await deletions.last().click();
  await one.sees(page.getByRole('dialog').getByText(`It was a test: ${EVIL}`));
  await harmless(one, 'why data was deleted');
}

/** So that what is deleted is gone at once. */
export async function switchSoftDeleteOff(one: Person, vault: string) {
  const { page, sees, check } = one;
  await one.go(`/vaults/default/${vault}/properties`, /Properties/);
  await page.getByRole('button', { name: 'Update Security settings' }).click();
  await page
    .getByRole('dialog')
    .getByRole('radio', { name: /^Disabled/ })
    .check();
  await check('security settings');
  await press(one, 'Save');
  await sees(page.getByText(`${vault}: soft delete is now`));
}

/** Stops the machine's protection with its data, where soft delete is on or off. */
export async function giveUp(one: Person, vault: string) {
  await switchSoftDeleteOff(one, vault);
  await deleteData(one, vault);
}
