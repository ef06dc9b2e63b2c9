/** Kinds of what needs attention: how many there are, what it looks like, and what mends them. */
import { groupOf, nameOf } from '../../api/ids';
import type { Attention, AttentionKind, Overview } from '../../api/overview';
import { path, pathOf } from '../../frame/paths';

/** In what order they are shown: as the server ranks them. */
export const KINDS: readonly AttentionKind[] = [
  'StorageNearlyFull',
  'HostUnreachable',
  'LastBackupFailed',
  'PointsMissed',
  'MachineInConflict',
  'ConsistencyDowngraded',
  'InitialBackupPending',
  'MachineUnprotected',
];

/** The page with all of a kind. */
export const PAGE_OF: Record<AttentionKind, string> = {
  StorageNearlyFull: '/storage',
  HostUnreachable: '/hosts',
  LastBackupFailed: '/items?show=LastBackupFailed',
  PointsMissed: '/items?show=PointsMissed',
  MachineInConflict: '/machines?protection=Conflict',
  InitialBackupPending: '/items?show=IRPending',
  ConsistencyDowngraded: '/items?show=Downgraded',
  MachineUnprotected: '/machines?protection=Unprotected',
  KeyNotExported: '/help?view=restore',
};

/** How many there are, which may be more than are told of. */
export function countOf(kind: AttentionKind, { items, machines, attention }: Overview): number {
  const told = attention.filter((one) => one.kind === kind).length;
  switch (kind) {
    case 'LastBackupFailed':
      return Math.max(told, items.lastBackupFailed);
    case 'PointsMissed':
      return Math.max(told, items.pointsMissed);
    case 'InitialBackupPending':
      return Math.max(told, items.initialBackupPending);
    case 'ConsistencyDowngraded':
      return Math.max(told, items.downgraded);
    case 'MachineUnprotected':
      return Math.max(told, machines?.unprotected ?? 0);
    case 'MachineInConflict':
      return Math.max(told, machines?.inConflict ?? 0);
    default:
      return told;
  }
}

/** The page that mends this one. */
export function mendOf({ kind, resourceId }: Attention): string {
  if (kind === 'MachineUnprotected') {
    return path.machine(groupOf(resourceId), nameOf(resourceId), 'backup');
  }
  if (kind === 'StorageNearlyFull') return '/storage';
  return pathOf(resourceId) ?? PAGE_OF[kind];
}

/** What the first steps of a new server lead to, and so need not be told besides. */
const AHEAD: readonly AttentionKind[] = [
  'InitialBackupPending',
  'MachineUnprotected',
  'KeyNotExported',
];

/** Whether something needs attention that does before there is any recovery point. */
export const isUrgent = ({ attention }: Overview) =>
  attention.some(({ kind }) => !AHEAD.includes(kind));
