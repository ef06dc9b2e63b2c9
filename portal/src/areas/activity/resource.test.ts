import { expect, test } from 'vitest';
import { resourceOf } from './resource';

const VAULT = '/subscriptions/s/resourcegroups/g/providers/microsoft.recoveryservices/vaults/v';

test('a machine is called as people call it, whatever was done to its item', () => {
  const item = `${VAULT}/backupfabrics/Azure/protectioncontainers/c/protecteditems/VM;iaasvmcontainerv2;g;db`;
  expect(resourceOf({ resourceId: `${item}/backup` })).toEqual({ id: item, name: 'db' });
  expect(resourceOf({ resourceId: encodeURI(item) })).toEqual({ id: item, name: 'db' });
});

test('settings are called as their vault', () => {
  const settings = `${VAULT}/backupconfig/vaultconfig`;
  expect(resourceOf({ resourceId: settings })).toEqual({ id: VAULT, name: 'v' });
});

test('a vault, a group and a lock have their own names', () => {
  expect(resourceOf({ resourceId: VAULT }).name).toBe('v');
  expect(resourceOf({ resourceId: '/subscriptions/s/resourcegroups/g' }).name).toBe('g');
  const lock = `${VAULT}/providers/Microsoft.Authorization/locks/keep`;
  expect(resourceOf({ resourceId: lock })).toEqual({ id: lock, name: 'keep' });
});
