/** The portal as people use it, on one real guest. Each test goes on where the one before ended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backUp, createVault, protect, seesPoint } from './flow.ts';
import { given, password, person, signedIn } from './world.ts';
import { english } from './words.ts';

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
  await page.getByLabel(signIn.password).fill(given.oneTime);
  await page.getByRole('button', { name: signIn.button }).click();
  await sees(page.getByRole('heading', { name: 'Choose your own password' }));
  await check('choose a password');
  await page.getByLabel('New password', { exact: true }).fill(password);
  await page.getByLabel('New password, once more').fill(password);
  await page.getByRole('button', { name: 'Change and sign in' }).click();
  await sees(page.getByRole('navigation', { name: 'Portal menu' }));
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

test('a machine is protected from its vault and backed up, in English', async () => {
  await using one = await signedIn();
  const vault = `first${given.suffix}`;
  await createVault(one, english, vault);
  await protect(one, english, vault);
  await backUp(one, english, vault);
  await seesPoint(one, english, vault);
});
