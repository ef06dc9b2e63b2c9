/** Locations: where hosts are, and what of them is backed up. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { subscriptionId } from './subscription';

export type Location = Schemas['Location'];

export const locationsQuery = queryOptions({
  queryKey: ['locations'],
  queryFn: async () =>
    (await link<{ value: Location[] }>(`${await subscriptionId()}/locations`)).data.value,
  staleTime: 60_000,
});

/** What a location is called: its name for people with the one in ids, where they differ. */
export function called(locations: readonly Location[] | undefined, name: string): string {
  const found = locations?.find((l) => l.name === name);
  return found && found.displayName !== name ? `${found.displayName} (${name})` : name;
}
