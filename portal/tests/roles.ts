/** What somebody sees who may only read (RBAC-5, PORTAL-25): all of it, and why it can't be changed. */
import assert from 'node:assert/strict';
import type { Person } from './world.ts';

/** Makes a user by the API, as an owner, with the role Reader; gives the one-time password. */
export async function makeReader({ page }: Person, login: string): Promise<string> {
  return page.evaluate(async (login) => {
    const version = 'api-version=2026-01-01';
    const ask = async (method: string, path: string, body?: unknown) => {
      const answer = await fetch(`${path}?${version}`, {
        method,
        headers: { 'content-type': 'application/json', 'x-stillpoint-csrf': '1' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
      return answer.json();
    };
    const { id: at } = (await ask('GET', '/subscriptions')).value[0];
    const made = await ask('POST', `${at}/providers/Stillpoint.Fabric/users`, {
      properties: { userName: login },
    });
    const roles = await ask('GET', `${at}/providers/Microsoft.Authorization/roleDefinitions`);
    const reader = roles.value.find(
      (role: { properties: { roleName: string } }) => role.properties.roleName === 'Reader',
    );
    await ask(
      'PUT',
      `${at}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}`,
      {
        properties: { principalId: made.properties.objectId, roleDefinitionId: reader.id },
      },
    );
    return made.properties.oneTimePassword;
  }, login);
}

/** A change that the page offers to nobody is refused by the server all the same. */
export async function isRefused({ page }: Person, vault: string) {
  const status = await page.evaluate(async (vault) => {
    const all = await (await fetch('/subscriptions?api-version=1')).json();
    const path = `${all.value[0].id}/resourceGroups/default/providers/Microsoft.RecoveryServices/vaults/${vault}`;
    const headers = { 'x-stillpoint-csrf': '1' };
    return (await fetch(`${path}?api-version=1`, { method: 'DELETE', headers })).status;
  }, vault);
  assert.equal(status, 403);
}
