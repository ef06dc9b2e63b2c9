/** What many pages have alike, by its name in English. */
import type { Person } from './world.ts';

/** A button of the command bar. */
export const command = ({ page }: Person, name: string) =>
  page.getByRole('toolbar', { name: 'Commands' }).getByRole('button', { name, exact: true });

/** Presses a button of the pane that is open. */
export const press = ({ page }: Person, name: string) =>
  page.getByRole('dialog').getByRole('button', { name, exact: true }).click();

/** Opens the "…" of the row that begins with this. */
export const openRow = ({ page }: Person, name: string) =>
  page.getByRole('button', { name: `More actions: ${name}` }).click();

/** Goes on by a menu or the breadcrumbs: the link of this name in the landmark of that one. */
export const follow = ({ page }: Person, landmark: string, name: string) =>
  page
    .getByRole('navigation', { name: landmark, exact: true })
    .getByRole('link', { name, exact: true })
    .click();

/** Opens the portal's menu where the screen has no room for it, and goes to a page of it. */
export async function goByMenu({ page, sees }: Person, name: string) {
  await sees(page.getByRole('banner'));
  const link = page.getByRole('navigation').getByRole('link', { name, exact: true }).first();
  if (!(await link.isVisible())) await page.getByRole('banner').getByRole('button').first().click();
  await link.click();
}

/** Finds a service among all by typing some of its name, and opens it. */
export async function goByServices(
  one: Person,
  words: { allServices: string; filter: string },
  typed: string,
  service: string,
) {
  const { page, sees, check } = one;
  await goByMenu(one, words.allServices);
  // By its keys: what a person types moves the list, which is no jump.
  await page.getByRole('searchbox', { name: words.filter }).pressSequentially(typed);
  await check('all services');
  await page.getByRole('main').getByRole('link', { name: service }).click();
  await sees(page.getByRole('heading', { level: 1, name: service }));
}
