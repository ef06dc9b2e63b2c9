import { expect, test } from 'vitest';
import type { Item } from '../../api/items';
import { ACTIONS, lastOf, obstacle, stateOf } from './possible';

function item(protectionState: string, more: object = {}): Item {
  const properties = {
    protectionState,
    lastBackupStatus: '',
    isScheduledForDeferredDelete: false,
    lastRecoveryPoint: '2026-11-23T18:00:00Z',
    ...more,
  };
  return { id: '/i', name: 'i', properties } as unknown as Item;
}

const possible = (of: Item) => ACTIONS.filter((action) => !obstacle(of, action));

test('PROT-8, 11, 13; SOFT-3: what can be done goes by the state', () => {
  const active = ['backupNow', 'restore', 'changePolicy', 'stop'];
  expect(possible(item('Protected'))).toEqual(active);
  expect(possible(item('ProtectionError'))).toEqual(active);
  const pending = item('IRPending', { lastRecoveryPoint: null });
  expect(possible(pending)).toEqual(['backupNow', 'changePolicy', 'stop']);
  expect(possible(item('ProtectionStopped'))).toEqual(['restore', 'resume', 'deleteData']);
  expect(possible(item('BackupsSuspended'))).toEqual(['restore', 'stop', 'resume', 'deleteData']);
  const deleted = item('ProtectionStopped', { isScheduledForDeferredDelete: true });
  expect(possible(deleted)).toEqual(['undelete']);
  expect(stateOf(deleted)).toBe('SoftDeleted');
});

test('PROT-4: until the first backup the last one is pending', () => {
  expect(lastOf(item('IRPending'))).toBe('IRPending');
  expect(lastOf(item('Protected', { lastBackupStatus: 'Failed' }))).toBe('Failed');
});
