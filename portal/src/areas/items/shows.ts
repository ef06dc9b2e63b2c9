/** Which items a list shows: by how they stand, or by what somebody should look at. */
import type { Item, ItemFilter } from '../../api/items';
import { stateOf } from '../item/possible';

export const STATES = [
  'Protected',
  'IRPending',
  'ProtectionError',
  'ProtectionStopped',
  'BackupsSuspended',
  'SoftDeleted',
] as const;

export const NEEDS = ['LastBackupFailed', 'PointsMissed', 'Downgraded'] as const;

export type State = (typeof STATES)[number];
export type Need = (typeof NEEDS)[number];
export type Show = State | Need;

export const isState = (show: Show): show is State => STATES.some((state) => state === show);

/** As other pages lead here. */
const ALSO: Record<string, Show> = {
  InitialBackupPending: 'IRPending',
  ConsistencyDowngraded: 'Downgraded',
};

/** What an address asks for. */
export function showOf(asked: string | null): Show | undefined {
  if (!asked) return undefined;
  return [...STATES, ...NEEDS].find((show) => show === asked) ?? ALSO[asked];
}

/** What the server is asked for; the reader does the rest. */
export function filterOf(show: Show | undefined): ItemFilter {
  switch (show) {
    case undefined:
    case 'PointsMissed':
    case 'Downgraded':
      return {};
    case 'SoftDeleted':
      return { isScheduledForDeferredDelete: 'true' };
    case 'LastBackupFailed':
      return { lastBackupStatus: 'Failed' };
    default:
      return { protectionState: show, isScheduledForDeferredDelete: 'false' };
  }
}

/** Whether an item is one of those. */
export function fits(item: Item, show: Show | undefined): boolean {
  const { lastBackupStatus: last, healthDetails } = item.properties;
  switch (show) {
    case undefined:
      return true;
    case 'LastBackupFailed':
      return last === 'Failed';
    case 'PointsMissed':
      return healthDetails.some(({ title }) => title === 'BackupOverdue');
    case 'Downgraded':
      return Boolean(item.stillpoint?.downgrade);
    default:
      return stateOf(item) === show;
  }
}
