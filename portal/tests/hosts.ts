/**
 * Two more hosts, and what is wrong or slow on them, in English. The folder `lab` is a host with
 * the machine `slow`; `twin` and `lab` both have a machine whose name is {@link EVIL}.
 */
import assert from 'node:assert/strict';
import { command, openRow, press } from './parts.ts';
import type { Person } from './world.ts';
import { LONG, given } from './world.ts';

/** What nobody should call anything: markup, and letters that turn round what follows. */
export const EVIL = '<img src=x onerror=owned=1>\u202Egnp';
/** What the server calls such a machine. */
const TAMED = '-img-src-x-onerror-owned-1--gnp';

/** Adds both; one connection is none, and says so in words that are shown as they are. */
export async function addHosts(one: Person) {
  const { page, sees } = one;
  await one.go('/hosts', 'Hosts');
  await fill(one, 'lab', `nothing://here/${EVIL}`);
  await press(one, 'Add host');
  await sees(page.getByRole('dialog').getByText(EVIL));
  await harmless(one, 'an error text');
  await press(one, 'Cancel');
  for (const name of ['lab', 'twin']) {
    await fill(one, name, `scripted://${given.lab}/${name}/${EVIL}`);
    await press(one, 'Add host');
    await sees(page.getByText(`Host ${name} added`));
  }
}

async function fill(one: Person, name: string, connection: string) {
  const { page } = one;
  await command(one, 'Add host').click();
  const pane = page.getByRole('dialog');
  await pane.getByRole('textbox', { name: 'Name' }).fill(name);
  await pane.getByRole('radio', { name: 'Another connection' }).check();
  await pane.getByRole('textbox', { name: 'Connection URI' }).fill(connection);
}

/** Nothing of what was shown has been taken for markup. */
export async function harmless({ page, check }: Person, name: string) {
  await check(name);
  assert.equal(await page.evaluate(() => 'owned' in globalThis), false, `${name} was run`);
  assert.equal(await page.locator('img[src=x]').count(), 0, `${name} became a picture`);
}

/** What is called so on hosts, in locks and in tags. */
export async function seesEvil(one: Person, vault: string) {
  const { page, sees } = one;
  const main = page.getByRole('main');
  await one.go('/hosts/twin', 'twin');
  await sees(main.getByText(EVIL));
  await harmless(one, 'a host');
  await one.go(`/vaults/default/${vault}/locks`, /Locks/);
  await command(one, 'Add').click();
  const pane = page.getByRole('dialog');
  await pane.getByRole('textbox', { name: 'Lock name' }).fill('evil');
  await pane.getByRole('textbox', { name: 'Notes' }).fill(EVIL);
  await press(one, 'OK');
  await sees(main.getByText(EVIL));
  await harmless(one, 'a lock');
  await main.getByRole('button', { name: 'Delete the lock evil' }).click();
  await press(one, 'Delete lock');
  await sees(page.getByText('The lock evil was deleted'));
}

/** A machine on two hosts can't be protected: its row says why (PORTAL-25). */
export async function seesWhyNot(one: Person) {
  const { page, sees } = one;
  await one.go('/machines', 'Virtual machines');
  await openRow(one, TAMED);
  const entry = page.getByRole('menuitem', { name: 'Back up', disabled: true });
  await entry.hover();
  await sees(page.getByRole('tooltip').filter({ hasText: 'UserErrorVmOnTwoHosts' }));
  await page.mouse.click(0, 0);
  await entry.waitFor({ state: 'detached' });
  await harmless(one, 'a machine on two hosts');
}

/** Protects a slow machine from its row, sees its backup under way, and ends it (PORTAL-11, 12). */
export async function cancels(one: Person, vault: string) {
  const { page, sees, check } = one;
  const main = page.getByRole('main');
  await one.go('/machines', 'Virtual machines');
  await openRow(one, 'slow');
  await page.getByRole('menuitem', { name: 'Back up' }).click();
  await main.getByRole('button', { name: 'Enable backup' }).click();
  await sees(page.getByText('Deployment succeeded'), LONG);
  await command(one, 'Backup now').click();
  await press(one, 'OK');
  await sees(page.getByText('Backup triggered for slow'));
  await main.getByRole('link', { name: vault, exact: true }).click();
  await main.getByRole('link', { name: /^In progress ?1/ }).click();
  await check('jobs in progress', true);
  const job = main.getByRole('row').filter({ hasText: 'slow' });
  await job.getByRole('link').first().click();
  await sees(main.getByRole('progressbar', { name: 'Progress' }));
  await check('a job in progress', true);
  await command(one, 'Cancel job').click();
  await check('cancel a job');
  await press(one, 'Cancel job');
  await sees(main.getByText('Cancelled', { exact: true }), LONG);
  await check('a job that was cancelled');
}
