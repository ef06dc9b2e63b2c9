/** What is found by a word. */
import { queryOptions } from '@tanstack/react-query';
import { link } from './client';
import { subscriptionId } from './subscription';

export interface Found {
  kind: 'vault' | 'machine' | 'policy' | 'job' | 'host';
  id: string;
  name: string;
  detail: string;
}

export const searchQuery = (word: string) =>
  queryOptions({
    queryKey: ['search', word],
    queryFn: async () => {
      const at = `${await subscriptionId()}/providers/Stillpoint.Fabric/search`;
      const { data } = await link<{ value: Found[] }>(`${at}?q=${encodeURIComponent(word)}`);
      return data.value;
    },
  });
