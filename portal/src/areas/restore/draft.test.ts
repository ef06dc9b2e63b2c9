import { expect, test } from 'vitest';
import { inputOf, isName, missing } from './draft';
import type { Draft } from './draft';

const S = '/subscriptions/s';
const draft: Draft = {
  way: 'machine',
  name: 'new',
  group: 'rg2',
  account: `${S}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/a`,
  network: '/n',
  disks: 'all',
  luns: [],
};

test('RESTORE-22: each way asks for what it needs and no more', () => {
  const group = `${S}/resourceGroups/rg2`;
  expect(inputOf(draft, S)).toEqual({
    recoveryType: 'AlternateLocation',
    storageAccountId: draft.account,
    targetResourceGroupId: group,
    targetVirtualMachineId: `${group}/providers/Microsoft.Compute/virtualMachines/new`,
    virtualNetworkId: '/n',
  });
  expect(inputOf({ ...draft, way: 'disks', disks: 'chosen', luns: [0, 2] }, S)).toEqual({
    recoveryType: 'RestoreDisks',
    storageAccountId: draft.account,
    targetResourceGroupId: `${S}/resourceGroups/rg`,
    restoreDiskLunList: [0, 2],
  });
  expect(inputOf({ ...draft, way: 'replace', disks: 'os' }, S)).toEqual({
    recoveryType: 'OriginalLocation',
    restoreDiskLunList: [],
  });
});

test('a form says what it lacks until all that is needed is there', () => {
  expect(missing(draft)).toBeUndefined();
  expect(missing({ ...draft, name: '' })).toBe('name');
  expect(missing({ ...draft, network: '' })).toBe('network');
  expect(missing({ ...draft, disks: 'chosen' })).toBe('disks');
  expect(missing({ ...draft, way: 'disks', account: '' })).toBe('account');
  expect(missing({ ...draft, way: 'disks', name: '', network: '' })).toBeUndefined();
  expect(missing({ ...draft, way: 'replace', account: '', name: '' })).toBeUndefined();
});

test('names of machines follow their rule', () => {
  for (const name of ['a', 'web-1', 'a.b_c', 'x'.repeat(64)]) expect(isName(name), name).toBe(true);
  for (const name of ['', '.a', 'a.', 'a b', 'ä', 'x'.repeat(65)])
    expect(isName(name), name).toBe(false);
});
