/** What is found by a word. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { subscriptionId } from './subscription';

export type Found = Schemas['SearchResult'];

export const searchQuery = (word: string) =>
  queryOptions({
    queryKey: ['search', word],
    queryFn: async () => {
      const at = `${await subscriptionId()}/providers/Stillpoint.Fabric/search`;
      const { data } = await link<{ value: Found[] }>(`${at}?q=${encodeURIComponent(word)}`);
      return data.value;
    },
  });
