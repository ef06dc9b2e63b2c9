/**
 * The main flow, as both source articles have it: a vault is made, a machine is protected from it,
 * and is backed up for the first time (PORTAL-3, 4, 7, 8, 10, 11, 12).
 */
import type { Person } from './world.ts';
import { follow, goByServices } from './parts.ts';
import { LONG, given } from './world.ts';
import type { Words } from './words.ts';

/** Finds the vaults by typing their name where all is searched (PORTAL-3). */
async function searchVaults({ page, sees }: Person, words: Words) {
  await page.getByRole('combobox', { name: words.search }).pressSequentially(words.vaults);
  const services = page.getByRole('group', { name: words.services });
  await services.getByRole('option', { name: words.vaults }).click();
  await sees(page.getByRole('heading', { level: 1, name: words.vaults }));
}

/** Makes a vault: the long way by All services (PORTAL-4), or the short one by searching. */
export async function createVault(one: Person, words: Words, vault: string, isShort = false) {
  const { page, sees, check } = one;
  if (isShort) await searchVaults(one, words);
  else await goByServices(one, words, 'Recovery Services', words.vaults);
  await check('vaults');
  await page.getByRole('main').getByRole('button', { name: words.create, exact: true }).click();
  await sees(page.getByRole('heading', { level: 1, name: words.createTitle }));
  const name = page.getByRole('textbox', { name: words.name });
  // VAULT-3: told as one types.
  await name.fill('1');
  await sees(page.getByRole('alert'));
  await check('create vault, a name that breaks the rule');
  await name.fill(vault);
  await page.getByRole('combobox', { name: words.group }).click();
  await page.getByRole('option', { name: 'default', exact: true }).click();
  await page
    .getByRole('main')
    .getByRole('button', { name: words.createButton, exact: true })
    .click();
  await sees(page.getByText(words.created(vault)));
  await page.getByRole('main').getByText(words.goToVault).first().click();
  await sees(page.getByRole('heading', { level: 1, name: vault }));
  await check('a new vault');
}

/** Configures backup of the machine from the vault's overview. */
export async function protect(one: Person, words: Words, vault: string) {
  const { page, sees, check } = one;
  const main = page.getByRole('main');
  await main.getByRole('button', { name: words.backup, exact: true }).click();
  await sees(page.getByRole('heading', { level: 1, name: words.backupTitle }));
  const ok = main.getByRole('button', { name: words.ok, exact: true });
  await check('backup goal');
  await ok.click();
  await sees(main.getByText('DefaultPolicy'));
  await check('backup policy');
  await ok.click();
  await main.getByRole('checkbox', { name: words.select(given.machine) }).check();
  await check('select virtual machines');
  await ok.click();
  await sees(main.getByText(words.allValid));
  await check('validated');
  await main.getByRole('button', { name: words.enable, exact: true }).click();
  await sees(page.getByText(words.enabled), LONG);
  await sees(page.getByText(words.after));
  await check(`enabled in ${vault}`);
}

/**
 * Backs the machine up from the list of backup items, and watches both phases to their end. The
 * list is found in the vault's menu (PORTAL-10), or by the tile of its dashboard (PORTAL-11).
 */
export async function backUp(one: Person, words: Words, vault: string, isByTile = false) {
  const { page, sees, check } = one;
  const main = page.getByRole('main');
  await follow(one, words.breadcrumb, vault);
  if (isByTile) await main.getByRole('heading', { name: words.items }).getByRole('link').click();
  else await follow(one, vault, words.items);
  await main.getByRole('link', { name: words.kind }).click();
  await sees(main.getByText(words.pending));
  await check('backup items');
  const row = main.getByRole('row').filter({ hasText: given.machine });
  await row.getByRole('button').last().click();
  await page.getByRole('menuitem', { name: words.backupNow }).click();
  const pane = page.getByRole('dialog');
  await sees(pane.getByRole('combobox'));
  await check('backup now');
  await pane.getByRole('button', { name: words.ok, exact: true }).click();
  await sees(page.getByText(words.triggered(given.machine)));
  await page.getByText(words.viewJob).first().click();
  await sees(main.getByText(words.snapshot));
  await sees(main.getByText(words.transfer));
  await main.getByText(words.completed, { exact: true }).nth(2).waitFor({ timeout: LONG });
  await check('a job that is done');
}

/** The item as it is now: its last backup went well, and its point is in both tiers. */
export async function seesPoint(one: Person, words: Words, vault: string) {
  const { page, sees, check } = one;
  await one.go(`/vaults/default/${vault}/items/vm/default/${given.machine}`, given.machine);
  await sees(page.getByText(words.success, { exact: true }));
  await sees(page.getByText(words.both));
  await check('an item');
}
