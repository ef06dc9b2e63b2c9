/** Lists that come in pages: `value` and the link to the next one (API-5). */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { link } from './client';

interface PageOf<T> {
  value: T[];
  nextLink?: string | null;
}

/** All of a list that is short by its nature: vaults, groups; never machines. */
export async function every<T>(path: string): Promise<T[]> {
  const all: T[] = [];
  for (let next: string | null | undefined = path; next;) {
    const { data }: { data: PageOf<T> } = await link<PageOf<T>>(next);
    all.push(...data.value);
    next = data.nextLink;
  }
  return all;
}

/**
 * A list as far as it was asked for. `path` is undefined as long as it is not known. `every` is
 * after how many milliseconds it is looked at again, which may go by the rows.
 */
export function usePaged<T>(
  key: readonly unknown[],
  path: string | undefined,
  every?: number | ((rows: T[]) => number),
) {
  const query = useInfiniteQuery({
    queryKey: [...key, path],
    enabled: path !== undefined,
    // Other rows of the same list stand until those that are asked for come.
    placeholderData: keepPreviousData,
    initialPageParam: path ?? '',
    queryFn: async ({ pageParam, signal }) => {
      const { data } = await link<PageOf<T>>(pageParam);
      signal.throwIfAborted();
      return data;
    },
    getNextPageParam: (page) => page.nextLink ?? undefined,
    refetchInterval: (query) =>
      (typeof every === 'function'
        ? every(query.state.data?.pages.flatMap((page) => page.value) ?? [])
        : every) ?? false,
  });
  const rows = useMemo(() => query.data?.pages.flatMap((p) => p.value) ?? [], [query.data]);
  const { fetchNextPage } = query;
  const hasNextPage = query.hasNextPage && !query.isPlaceholderData;
  return {
    rows,
    error: query.error,
    isPending: query.isPending,
    isLoading: query.isFetchingNextPage,
    refetch: () => void query.refetch(),
    isFetching: query.isFetching,
    more: useMemo(
      () => (hasNextPage ? () => void fetchNextPage() : undefined),
      [hasNextPage, fetchNextPage],
    ),
  };
}
