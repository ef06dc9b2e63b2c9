/** Collections of snapshots: one for each machine, in groups of the service. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { every } from './paged';

export type Collection = Schemas['RestorePointCollection'];
export type Snapshot = Schemas['RestorePoint'];

/** All that is asked of collections begins with this key. */
export const COLLECTIONS = 'collections';

export const COLLECTION_DELETE = 'Microsoft.Compute/restorePointCollections/delete';

/** Those of a subscription, or of a group. */
export const collectionsPath = (scope: string) =>
  `${scope}/providers/Microsoft.Compute/restorePointCollections`;

/** The snapshots in a collection: few, since their number is limited (SNAP-10). */
export const snapshotsQuery = (collection: string) =>
  queryOptions({
    queryKey: [COLLECTIONS, collection.toLowerCase(), 'points'],
    queryFn: async () => every<Snapshot>(`${collection}/restorePoints`),
  });

/** Takes the snapshots of a machine, and nothing of the vault. */
export const deleteCollection = async (id: string) => void (await link(id, { method: 'DELETE' }));
