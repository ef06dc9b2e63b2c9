import { expect, it } from 'vitest';
import { enablingRights } from '../../api/protection';
import { EMPTY, makingRights, placeOf, withGroupMade } from './draft';

const SUBSCRIPTION = '/subscriptions/s';
const actions = (all: { action: string; on: string }[]) =>
  all.map(({ action, on }) => [action, on]);

it('asks for rights where the vault goes to', () => {
  const there = { ...EMPTY, name: 'v', group: 'g' };
  expect(actions(makingRights(there, SUBSCRIPTION))).toEqual([
    ['Microsoft.RecoveryServices/vaults/write', '/subscriptions/s/resourceGroups/g'],
  ]);
  const anew = { ...there, isNewGroup: true, newGroup: 'new' };
  expect(actions(makingRights(anew, SUBSCRIPTION))).toEqual([
    ['Microsoft.Resources/subscriptions/resourceGroups/write', SUBSCRIPTION],
    ['Microsoft.RecoveryServices/vaults/write', SUBSCRIPTION],
  ]);
});

it('asks for rights on the vault and on each machine to enable backup', () => {
  expect(enablingRights('/vault', ['/a', '/b']).map(({ on }) => on)).toEqual([
    '/vault',
    '/a',
    '/b',
  ]);
});

it('goes on with a group that was made as one that is there', () => {
  const made = withGroupMade({ ...EMPTY, isNewGroup: true, group: 'old', newGroup: 'new' });
  expect(made.isNewGroup).toBe(false);
  expect(placeOf(made).name).toBe('new');
});
