/** The portal as people use it, on one real guest. Each test goes on where the one before ended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backUp, createVault, protect, seesPoint } from './flow.ts';
import { addHosts, cancels, seesEvil, seesWhyNot } from './hosts.ts';
import {
  chooseRedundancy,
  deleteData,
  deleteForGood,
  giveUp,
  redundancyIsFixed,
  restoreDisks,
  seesWhy,
  stopAndResume,
} from './life.ts';
import { changePolicy, protectFromMenu } from './machine.ts';
import { pages } from './pages.ts';
import { command } from './parts.ts';
import { quieten, repairSnapshots } from './repair.ts';
import { isRefused, makeReader } from './roles.ts';
import type { Look, Person } from './world.ts';
import { administrator, given, password, person, signedIn } from './world.ts';
import { english, simplified, traditional } from './words.ts';

const first = `first${given.suffix}`;
const second = `second${given.suffix}`;
const third = `third${given.suffix}`;

test('the_one_time_password_only_serves_to_set_an_own_one', { skip: !given.oneTime }, async () => {
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

test('the_session_is_a_cookie_that_no_script_reads_and_ends_by_signing_out', async () => {
  await using one = await signedIn();
  const { page, sees } = one;
  const cookies = await page.context().cookies();
  assert.ok(cookies.length);
  for (const { name, httpOnly, secure, sameSite } of cookies) {
    const kept = { httpOnly: true, secure: true, sameSite: 'Strict' };
    assert.deepEqual({ httpOnly, secure, sameSite }, kept, name);
  }
  await page.getByRole('button', { name: /^Account/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await sees(page.getByRole('button', { name: 'Sign in' }));
  const answer = await page.evaluate(
    async () => (await fetch('/subscriptions?api-version=1')).status,
  );
  assert.equal(answer, 401);
});

test('a_script_in_the_page_is_not_run_and_the_tests_are_told_of_it', async () => {
  await using one = await person();
  await one.page.goto('/');
  await one.sees(one.page.getByRole('button', { name: 'Sign in' }));
  const wasRun = await one.page.evaluate(async () => {
    const evil = document.createElement('div');
    evil.innerHTML = '<img src=x onerror=owned=1>';
    document.body.append(evil);
    await new Promise((done) => setTimeout(done, 500));
    return 'owned' in globalThis;
  });
  assert.equal(wasRun, false);
  const told = one.said.splice(0).filter((said) => said.includes('Content Security Policy'));
  assert.ok(told.length > 0);
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

test('portal_4_5_6_7_8_a_vault_is_made_the_long_way_and_a_machine_protected_from_it', async () => {
  const one = await administrator();
  await createVault(one, english, first);
  await chooseRedundancy(one, first);
  await one.go(`/vaults/default/${first}`, first);
  await protect(one, english, first);
});

test('portal_10_12_a_machine_is_backed_up_for_the_first_time_by_the_vaults_menu', async () => {
  const one = await administrator();
  await backUp(one, english, first);
  await seesPoint(one, english, first);
  await redundancyIsFixed(one, first);
});

test('hosts_are_added_and_an_errors_text_is_shown_as_it_is', async () => {
  await addHosts(await administrator());
});

test('portal_25_who_may_only_read_is_told_why_nothing_can_be_changed_and_can_not', async () => {
  const owner = await administrator();
  const login = `reader${given.suffix}`;
  const oneTime = await makeReader(owner, login);
  await using one = await person();
  const { page, sees, check } = one;
  await page.goto('/');
  await page.getByLabel(english.signIn.user).fill(login);
  await setPassword(one, oneTime);
  await one.go(`/vaults/default/${first}`, first);
  for (const name of ['Backup', 'Delete']) {
    const button = command(one, name);
    await button.and(page.locator('[aria-disabled=true]')).waitFor();
    await button.hover();
    await sees(page.getByRole('tooltip').filter({ hasText: 'Your roles do not allow' }));
  }
  await check('a vault, for a reader');
  await isRefused(one, first);
});

/** In pictures each page is there in each; without, each width and each theme is tried once. */
const LOOKS: Look[] = given.pictures
  ? [{}, { isDark: true }, { isPhone: true }, { isPhone: true, isDark: true }]
  : [{}, { isPhone: true, isDark: true }];

test('each_page_is_there_at_a_desk_and_on_a_phone_in_the_light_and_in_the_dark', async () => {
  for (const look of LOOKS) {
    await using one = await signedIn(english, look);
    for (const [path, title] of pages(first)) {
      await one.go(path, title);
      await one.check(`page ${path.replace(given.suffix, '')}`);
    }
  }
});

test('names_and_notes_that_are_markup_are_shown_as_they_are', async () => {
  await seesEvil(await administrator(), first);
});

test('portal_25_a_machine_that_cant_be_protected_says_why_in_its_row', async () => {
  await seesWhyNot(await administrator());
});

test('portal_11_12_a_backup_under_way_is_found_by_the_tile_and_cancelled', async () => {
  await cancels(await administrator(), first);
});

test('portal_17_a_machines_disks_are_restored', async () => {
  await restoreDisks(await administrator(), first);
});

test('portal_23_a_lock_is_taken_off_the_snapshots_and_their_collection_deleted', async () => {
  await repairSnapshots(await administrator());
});

test('portal_16_19_backups_are_stopped_resumed_deleted_undeleted_and_gone_for_good', async () => {
  const one = await administrator();
  await stopAndResume(one, first);
  await deleteForGood(one, first);
});

test('vault_20_the_activity_log_tells_what_was_said_when_backups_were_deleted', async () => {
  await seesWhy(await administrator(), first);
});

test('portal_22_an_alert_is_made_inactive_and_notifications_are_configured', async () => {
  await quieten(await administrator(), first);
});

test('portal_1_2_9_15_a_machine_is_protected_from_its_own_menu_by_a_new_policy', async () => {
  const one = await administrator();
  await protectFromMenu(one, first, 'nightly');
  await changePolicy(one, 'nightly');
  await deleteData(one, first);
});

test('portal_26_help_and_feedback_are_a_click_away_from_a_vault', async () => {
  const { page, go, sees, check } = await administrator();
  await go(`/vaults/default/${first}`, first);
  await page.getByRole('link', { name: 'Troubleshooting, restore, pricing and feedback' }).click();
  await page.getByRole('searchbox', { name: /^Search codes/ }).fill('collection of snapshots');
  await sees(page.getByText('UserErrorRpCollectionLimitReached'));
  await page.getByRole('tab', { name: 'Restore' }).click();
  await sees(page.getByRole('link', { name: 'Go to backup items' }));
  await page.getByRole('tab', { name: 'Pricing' }).click();
  await sees(page.getByRole('link', { name: 'Open the estimator' }));
  await page.getByRole('tab', { name: 'Feedback' }).click();
  await page.getByRole('textbox', { name: /^What happened/ }).fill('A calm portal.');
  await sees(page.getByLabel('The report', { exact: true }).last().getByText('A calm portal.'));
  await check('feedback');
});

test('portal_3_7_8_11_12_the_main_flow_in_traditional_chinese_in_the_dark', async () => {
  await using one = await signedIn(traditional, { isDark: true });
  await createVault(one, traditional, second, true);
  await protect(one, traditional, second);
  await backUp(one, traditional, second, true);
  await seesPoint(one, traditional, second);
});

test('a_machine_is_given_up', async () => {
  await giveUp(await administrator(), second);
});

test('portal_4_7_8_10_12_the_main_flow_in_simplified_chinese_on_a_phone', async () => {
  await using one = await signedIn(simplified, { isPhone: true });
  await createVault(one, simplified, third);
  await protect(one, simplified, third);
  await backUp(one, simplified, third);
  await seesPoint(one, simplified, third);
});
