/** What is done from a machine's own page, in English (PORTAL-1, 2, 9, 15). */
import assert from 'node:assert/strict';
import { command, follow, goByServices, press } from './parts.ts';
import type { Person } from './world.ts';
import { LONG, given } from './world.ts';
import { english } from './words.ts';

/** Enables backup from the machine's menu, in a vault that is there, by a policy that is made. */
export async function protectFromMenu(one: Person, vault: string, policy: string) {
  const { page, sees, check } = one;
  const main = page.getByRole('main');
  await one.go('/', 'Home');
  await goByServices(one, english, 'Virtual mach', 'Virtual machines');
  await check('virtual machines');
  await main.getByRole('link', { name: given.machine, exact: true }).click();
  await check('a machine');
  await follow(one, given.machine, 'Backup');
  await sees(main.getByRole('heading', { name: 'Enable backup' }));
  await main.getByRole('radio', { name: 'Select existing' }).check();
  await main.getByRole('combobox', { name: 'Choose a vault' }).click();
  await page.getByRole('option', { name: vault, exact: true }).click();
  await createPolicy(one, policy);
  // POLICY-3: what was chosen stands under the list.
  const details = main.getByRole('group', { name: 'Policy details' });
  await sees(details.getByText(/Daily at 21:30/));
  await sees(details.getByText('For 40 days'));
  await check('enable backup');
  await main.getByRole('button', { name: 'Enable backup' }).click();
  await sees(page.getByText('Deployment started'));
  await sees(page.getByText('Deployment succeeded'), LONG);
  await sees(main.getByText('Warning (Initial backup pending)'));
  await check('a machine that is protected');
}

/** The editor of a policy: its fields in the order of POLICY-4, then OK. */
async function createPolicy(one: Person, policy: string) {
  const { page, sees, check } = one;
  const pane = page.getByRole('dialog', { name: 'Create policy' });
  await page.getByRole('button', { name: 'Create a new policy' }).click();
  await sees(pane);
  const order = ['Policy name', 'Frequency', 'Retain instant recovery snapshots', 'daily backup'];
  const after = ['weekly backup', 'monthly backup', 'yearly backup', 'OK'];
  const said = (await pane.innerText()).replaceAll('\n', ' ');
  const at = [...order, ...after].map((field) => said.indexOf(field));
  assert.ok(
    at.every((place, n) => place > (at[n - 1] ?? -1)),
    `the order of ${said}`,
  );
  await pane.getByRole('textbox', { name: 'Policy name' }).fill(policy);
  await pane.getByLabel(/^Time\*?$/).fill('21:30');
  await pane.getByRole('spinbutton', { name: /^Retain instant recovery/ }).fill('3');
  await pane.getByRole('spinbutton', { name: 'For (days)', exact: true }).fill('40');
  await pane.getByRole('checkbox', { name: 'Retention of yearly backup point' }).check();
  await check('a policy of one’s own');
  await press(one, 'OK');
  await sees(page.getByText(`Policy ${policy} is saved`));
  await pane.waitFor({ state: 'detached' });
}

/** The policy's link opens it with its next run; another one counts at once. */
export async function changePolicy(one: Person, policy: string) {
  const { page, sees, check } = one;
  const main = page.getByRole('main');
  await main.getByRole('button', { name: 'Open the item view' }).click();
  await main.getByRole('button', { name: policy, exact: true }).click();
  const pane = page.getByRole('dialog', { name: `Backup policy: ${policy}` });
  await sees(pane.getByText('Next scheduled backup'));
  await check('the policy of an item');
  await page.keyboard.press('Escape');
  await command(one, 'Change policy').click();
  await page.getByRole('dialog').getByRole('combobox', { name: 'Backup policy' }).click();
  await page.getByRole('option', { name: 'DefaultPolicy' }).click();
  await check('change policy');
  await press(one, 'Save');
  await sees(page.getByText(`${given.machine} has the policy DefaultPolicy now`));
  await sees(main.getByRole('button', { name: 'DefaultPolicy', exact: true }));
}
