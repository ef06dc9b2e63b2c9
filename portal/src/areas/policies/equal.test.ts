import { expect, it } from 'vitest';
import { blank } from './draft';
import { savingPolicy } from './equal';
import { bodyOf } from './wire';

const of = { group: 'g', vault: 'v' };
const VAULT = '/vault';

const saying = (before: boolean | undefined, after: boolean) => {
  const settings = { refuseDowngrades: after, refuseStandardItems: false };
  const draft = { ...blank(), name: 'p', settings };
  const was =
    before === undefined ? undefined : { refuseDowngrades: before, refuseStandardItems: false };
  return savingPolicy(of, draft, bodyOf(draft), VAULT, was);
};

it('tells of settings that are switched off, in each kind of command', () => {
  const { stillpoint, az, rest } = saying(true, false);
  expect(stillpoint).toContain('policy settings p -v v --refuse-downgrades false');
  expect(az).toMatch(/az backup policy set [^]*\naz rest --method put [^]*policySettings\/default/);
  expect(rest).toMatchObject([
    { method: 'PUT', path: '/vault/backupPolicies/p' },
    {
      method: 'PUT',
      path: '/vault/backupPolicies/p/providers/Stillpoint.Fabric/policySettings/default',
      body: { properties: { refuseDowngrades: false, refuseStandardItems: false } },
    },
  ]);
});

it('tells of no settings that stay as they are', () => {
  expect(saying(true, true).stillpoint).not.toContain('policy settings');
  expect(saying(undefined, false).rest).toMatchObject([{ path: '/vault/backupPolicies/p' }]);
  expect(saying(undefined, true).stillpoint).toContain('--refuse-downgrades true');
});
