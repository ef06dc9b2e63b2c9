/**
 * What every page is asked for: that nothing keeps people out (axe), that nothing jumps, and that
 * no script can read who is signed in.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  id: string;
  impact: string | null;
  help: string;
  nodes: { html: string; failureSummary?: string }[];
}

/** Nothing serious or critical by WCAG 2.2 A and AA. What fades in or out is looked at again. */
export async function accessible(page: Page, name: string) {
  let found = await violations(page);
  if (found.length) {
    await page.waitForTimeout(FADE);
    found = await violations(page);
  }
  assert.deepEqual(found, [], `${name} keeps people out`);
}

/** In how many milliseconds a notification has come or gone. */
const FADE = 1500;

async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run: (where: unknown, how: unknown) => Promise<{ violations: Violation[] }> };
    };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    // Fluent's own marks for where the focus goes next: they hand it on at once.
    const where = { exclude: [['[data-tabster-dummy]']] };
    return (await axe.run(where, { runOnly: tags, resultTypes: ['violations'] })).violations;
  });
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help}\n    ${nodes.map((n) => `${n.html} ${n.failureSummary ?? ''}`).join('\n    ')}`,
    );
}

interface Jump {
  value: number;
  of: string[];
}

/** Notes how far what is seen has jumped, but for what the person has just asked for. */
export function watchJumps() {
  const jumps: Jump[] = [];
  Object.assign(globalThis, { jumps });
  new PerformanceObserver((list) => {
    for (const one of list.getEntries() as (PerformanceEntry & {
      value: number;
      hadRecentInput: boolean;
      sources: { node: Node | null }[];
    })[]) {
      const of = one.sources.map(({ node }) => node?.textContent?.slice(0, 60) ?? '?');
      if (!one.hadRecentInput) jumps.push({ value: one.value, of });
    }
  }).observe({ type: 'layout-shift', buffered: true });
}

/** Since the page before, nothing has jumped by more than a tenth (Web Vitals' bound). */
export async function still(page: Page, name: string) {
  const found = await page.evaluate(() =>
    (globalThis as unknown as { jumps: Jump[] }).jumps.splice(0),
  );
  const far = found.reduce((sum, { value }) => sum + value, 0);
  assert.ok(far <= 0.1, `${name} jumps: ${JSON.stringify(found)}`);
}

/** Neither a cookie nor a token (RFC 7519) is anywhere that a script could read it. */
export async function secret(page: Page, name: string) {
  const { cookie, stored } = await page.evaluate(() => ({
    cookie: document.cookie,
    stored: [localStorage, sessionStorage].map((all) => JSON.stringify(all)).join(),
  }));
  assert.equal(cookie, '', `${name} lets scripts read a cookie`);
  assert.doesNotMatch(stored, /eyJ[\w-]+\./, `${name} lets scripts read a token`);
}
