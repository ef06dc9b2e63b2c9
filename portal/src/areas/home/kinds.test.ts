import { expect, it } from 'vitest';
import type { Attention, Overview } from '../../api/overview';
import { isUrgent } from './kinds';

const having = (...kinds: Attention['kind'][]) =>
  ({ attention: kinds.map((kind) => ({ kind })) }) as Overview;

it('tells what is wrong with a new server from what its first steps lead to', () => {
  expect(isUrgent(having('MachineUnprotected', 'InitialBackupPending'))).toBe(false);
  expect(isUrgent(having('MachineUnprotected', 'HostUnreachable'))).toBe(true);
});
