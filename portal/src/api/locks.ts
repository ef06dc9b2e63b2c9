/** Locks: on the subscription, a group or a resource, and on all below it. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';

export type Lock = Schemas['Lock'];
export type LockLevel = Lock['properties']['level'];

export const LEVELS: readonly LockLevel[] = ['CanNotDelete', 'ReadOnly'];

export const LOCK_ACTION = {
  write: 'Microsoft.Authorization/locks/write',
  delete: 'Microsoft.Authorization/locks/delete',
} as const;

const OF = '/providers/Microsoft.Authorization/locks';

export const lockId = (scope: string, name: string) => `${scope}${OF}/${encodeURIComponent(name)}`;

/** What a lock is on: the id before its own part. */
export const scopeOfLock = ({ id }: Lock) =>
  id.slice(0, id.toLowerCase().lastIndexOf(OF.toLowerCase()));

/** The locks at a scope, on what it is in, and on what is in it. */
export const locksQuery = (scope: string | undefined) =>
  queryOptions({
    queryKey: ['locks', scope?.toLowerCase()],
    enabled: scope !== undefined,
    queryFn: async () => (await link<{ value: Lock[] }>(`${scope ?? ''}${OF}`)).data.value,
  });

export const lockBody = (level: LockLevel, notes: string) => ({
  properties: { level, ...(notes && { notes }) },
});

/** Locks a scope, or changes the lock of this name. */
export const putLock = async (scope: string, name: string, level: LockLevel, notes: string) =>
  (await link<Lock>(lockId(scope, name), { method: 'PUT', body: lockBody(level, notes) })).data;

export const deleteLock = async (lock: Lock) => void (await link(lock.id, { method: 'DELETE' }));
