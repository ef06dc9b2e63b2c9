/**
 * What the tests of the portal stand on: a browser, a person in it, and a server with a real guest
 * that whoever starts the tests has started (`stillpoint/tests/guest/portal.rs`).
 *
 * A test sees and clicks what a person does: roles and labels. Nothing may be said on the browser's
 * console, where it also tells what the content security policy has refused.
 */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { accessible, secret, still, watchJumps } from './judge.ts';
import type { Words } from './words.ts';
import { english } from './words.ts';

/** Where the server is, who may sign in, and what its guest is called. */
export const given = {
  url: needed('STILLPOINT_URL'),
  user: needed('STILLPOINT_USER'),
  /** The user's one-time password, until {@link password} is set; none if that is set already. */
  oneTime: process.env.STILLPOINT_ONE_TIME ?? '',
  /** A machine of the group `default` that nothing protects. */
  machine: needed('STILLPOINT_MACHINE'),
  /** Two scripted hosts, as portal.rs lays them out: see hosts.ts. */
  lab: needed('STILLPOINT_LAB'),
  /** What vaults' names end with, where the server has been used before. */
  suffix: process.env.STILLPOINT_SUFFIX ?? '',
  /** Where pictures go; none are taken without. */
  pictures: process.env.STILLPOINT_PICTURES,
};

/** The password that the first test sets. */
export const password = process.env.STILLPOINT_PASSWORD ?? 'a quiet harbour, twice lit';

function needed(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: see docs/operations.md, "The portal's tests"`);
  return value;
}

/** How long a person would wait for something that only has to be fetched, in milliseconds. */
const SOON = 20_000;
/** And for work on a guest that is emulated. */
export const LONG = 180_000;

export interface Person {
  page: Page;
  /** Goes to a path below the portal's, and waits until the page is there. */
  go: (path: string, title: string | RegExp) => Promise<void>;
  /** Waits until something is seen. */
  sees: (what: Locator, timeout?: number) => Promise<void>;
  /** Judges the page, once nothing spins unless it shows work; takes its picture too. */
  check: (name: string, showsWork?: boolean) => Promise<void>;
  /** What was said on the console that should not. */
  said: string[];
}

export interface Look {
  /** What the browser asks for. */
  language?: string;
  isPhone?: boolean;
  isDark?: boolean;
}

let browser: Browser | undefined;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.STILLPOINT_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});
after(async () => {
  await one?.[Symbol.asyncDispose]();
  await browser?.close();
});

/** A person at a screen of their own, who has not signed in. */
export async function person(look: Look = {}): Promise<Person & AsyncDisposable> {
  assert.ok(browser);
  const context = await browser.newContext({
    // The server's own certificate authority is nobody's but its clients'.
    ignoreHTTPSErrors: true,
    baseURL: given.url,
    locale: look.language ?? 'en-GB',
    timezoneId: 'Europe/Berlin',
    colorScheme: look.isDark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    viewport: look.isPhone ? { width: 390, height: 844 } : { width: 1360, height: 850 },
    hasTouch: look.isPhone ?? false,
  });
  const page = await context.newPage();
  await page.addInitScript(watchJumps);
  page.setDefaultTimeout(SOON);
  const said = listen(page);
  const sees = async (what: Locator, timeout = SOON) => {
    try {
      await what.first().waitFor({ timeout });
    } catch (error) {
      await picture(page, look, 'what was seen instead');
      throw error;
    }
  };
  return {
    page,
    sees,
    async go(path, title) {
      await page.goto(`/_${path}`);
      await sees(page.getByRole('heading', { level: 1, name: title }));
    },
    async check(name, showsWork = false) {
      if (!showsWork) await settled(page);
      await picture(page, look, name);
      await accessible(page, name);
      await still(page, name);
      await secret(page, name);
      assert.deepEqual(said, [], `on the console, at ${name}`);
    },
    said,
    async [Symbol.asyncDispose]() {
      await context.close();
      assert.deepEqual(said, [], 'on the console');
    },
  };
}

/** A person who has signed in. */
export async function signedIn(
  words: Words = english,
  look: Look = {},
  as = { user: given.user, password },
) {
  const one = await person({ ...look, language: words.browser });
  const texts = words.signIn;
  await one.page.goto('/');
  await one.page.getByLabel(texts.user).fill(as.user);
  await one.page.getByLabel(texts.password, { exact: false }).fill(as.password);
  await one.page.getByRole('button', { name: texts.button }).click();
  await one.sees(one.page.getByRole('banner'));
  return one;
}

let one: (Person & AsyncDisposable) | undefined;

/** The administrator at a desk, in English: signs in once, and goes on from test to test. */
export async function administrator(): Promise<Person> {
  one ??= await signedIn();
  return one;
}

/** What a page says on the console that it should not. That nobody is signed in yet is no fault. */
function listen(page: Page): string[] {
  const said: string[] = [];
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('console', (message) => {
    const isKnown = /status of (401|404|403|409|400)/.test(message.text());
    if (message.type() === 'error' && !isKnown) said.push(message.text());
  });
  return said;
}

/** Nothing is on its way any more, and nothing spins. A bar that tells how far something is may stay. */
async function settled(page: Page) {
  const spinning = page.locator('[role=progressbar]:not([aria-valuenow])');
  await spinning
    .first()
    .waitFor({ state: 'detached' })
    .catch(() => undefined);
}

async function picture(page: Page, look: Look, name: string) {
  if (!given.pictures) return;
  const kind = [look.language ?? 'en', look.isPhone && 'phone', look.isDark && 'dark'];
  const file = [name.replaceAll(/\W+/g, '-').toLowerCase(), ...kind.filter(Boolean)].join('.');
  await page.screenshot({ path: `${given.pictures}/${file}.png` });
}
