/** The portal as people use it, on one real guest. Each test goes on where the one before ended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backUp, createVault, protect, seesPoint } from './flow.ts';
import {
  chooseRedundancy,
  deleteForGood,
  giveUp,
  redundancyIsFixed,
  restoreDisks,
  stopAndResume,
} from './life.ts';
import { pages } from './pages.ts';
import { isRefused, makeReader } from './roles.ts';
import type { Person } from './world.ts';
import { given, password, person, signedIn } from './world.ts';
import { english, simplified, traditional } from './words.ts';

test('the one-time password only serves to set an own one', { skip: !given.oneTime }, async () => {
  await using one = await person();
  const { page, sees, check } = one;
  await page.goto('/');
  const { signIn } = english;
  await page.getByLabel(signIn.user).fill(given.user);
  await page.getByLabel(signIn.password).fill('not this');
  await page.getByRole('button', { name: signIn.button }).click();
  await sees(page.getByRole('alert'));
  await check('sign in, refused');
  await setPassword(one, given.oneTime);
  await check('home of an empty server');
});

test('no script can read the session, and it ends by signing out', async () => {
  await using one = await signedIn();
  const { page, sees } = one;
  assert.equal(await page.evaluate(() => document.cookie), '');
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert.ok(!kept.includes('eyJ'), 'a token in the storage');
  await page.getByRole('button', { name: /^Account/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await sees(page.getByRole('button', { name: 'Sign in' }));
  const answer = await page.evaluate(
    async () => (await fetch('/subscriptions?api-version=1')).status,
  );
  assert.equal(answer, 401);
});

/** Uses a one-time password, and sets the own one. */
async function setPassword({ page, sees, check }: Person, oneTime: string) {
  const { signIn } = english;
  await page.getByLabel(signIn.password).fill(oneTime);
  await page.getByRole('button', { name: signIn.button }).click();
  await sees(page.getByRole('heading', { name: 'Choose your own password' }));
  await check('choose a password');
  await page.getByLabel(/^New password(?!,)/).fill(password);
  await page.getByLabel('New password, once more').fill(password);
  await page.getByRole('button', { name: 'Change and sign in' }).click();
  await sees(page.getByRole('navigation', { name: 'Portal menu' }));
}

const first = `first${given.suffix}`;
const second = `second${given.suffix}`;
const third = `third${given.suffix}`;

test('a vault is made, and its redundancy chosen, which is fixed once it protects', async () => {
  await using one = await signedIn();
  await createVault(one, english, first);
  await chooseRedundancy(one, first);
  await one.go(`/vaults/default/${first}`, first);
  await protect(one, english, first);
  await redundancyIsFixed(one, first);
});

test('a machine is backed up for the first time', async () => {
  await using one = await signedIn();
  await backUp(one, english, first);
  await seesPoint(one, english, first);
});

test('who may only read is told why nothing can be changed, and can not', async () => {
  await using owner = await signedIn();
  const login = `reader${given.suffix}`;
  const oneTime = await makeReader(owner, login);
  await using one = await person();
  const { page, sees, check } = one;
  await page.goto('/');
  await page.getByLabel(english.signIn.user).fill(login);
  await setPassword(one, oneTime);
  await one.go(`/vaults/default/${first}`, first);
  const bar = page.getByRole('toolbar', { name: 'Commands' });
  for (const name of ['Backup', 'Delete']) {
    const button = bar.getByRole('button', { name, exact: true });
    await button.and(page.locator('[aria-disabled=true]')).waitFor();
    await button.hover();
    await sees(page.getByRole('tooltip').filter({ hasText: 'Your roles do not allow' }));
  }
  await check('a vault, for a reader');
  await isRefused(one, first);
});

test('every page is there, in the light and in the dark, at a desk and on a phone', async () => {
  for (const look of [{}, { isDark: true }, { isPhone: true }]) {
    await using one = await signedIn(english, look);
    for (const [path, title] of pages(first)) {
      await one.go(path, title);
      await one.check(`page ${path.replace(given.suffix, '')}`);
    }
  }
});

test('its disks are restored', async () => {
  await using one = await signedIn();
  await restoreDisks(one, first);
});

test('backups are stopped and resumed, deleted, undeleted, and deleted for good', async () => {
  await using one = await signedIn();
  await stopAndResume(one, first);
  await deleteForGood(one, first);
});

test('the main flow, in traditional Chinese and in the dark', async () => {
  await using one = await signedIn(traditional, { isDark: true });
  await createVault(one, traditional, second);
  await protect(one, traditional, second);
  await backUp(one, traditional, second);
  await seesPoint(one, traditional, second);
});

test('a machine is given up', async () => {
  await using one = await signedIn();
  await giveUp(one, second);
});

test('the main flow, in simplified Chinese on a phone', async () => {
  await using one = await signedIn(simplified, { isPhone: true });
  await createVault(one, simplified, third);
  await protect(one, simplified, third);
  await backUp(one, simplified, third);
  await seesPoint(one, simplified, third);
});
