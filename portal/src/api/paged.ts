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

/** After how many milliseconds a list is looked at again, which may go by the rows. */
type Every<T> = number | ((rows: T[]) => number);

/** All pages are read anew each time, so the more there are, the more seldom that is. */
export function interval<T>(every: Every<T> | undefined, pages: readonly PageOf<T>[]) {
  if (every === undefined) return false;
  const one = typeof every === 'number' ? every : every(pages.flatMap((page) => page.value));
  return one * Math.max(1, pages.length);
}

/**
 * A list as far as it was asked for. `path` is undefined as long as it is not known.
 */
export function usePaged<T, P extends PageOf<T> = PageOf<T>>(
  key: readonly unknown[],
  path: string | undefined,
  every?: Every<T>,
) {
  const query = useInfiniteQuery({
    queryKey: [...key, path],
    enabled: path !== undefined,
    // Other rows of the same list stand until those that are asked for come.
    placeholderData: keepPreviousData,
    initialPageParam: path ?? '',
    queryFn: async ({ pageParam, signal }) => {
      const { data } = await link<P>(pageParam);
      signal.throwIfAborted();
      return data;
    },
    getNextPageParam: (page) => page.nextLink ?? undefined,
    refetchInterval: (query) => interval(every, query.state.data?.pages ?? []),
  });
  const rows = useMemo(() => query.data?.pages.flatMap((p) => p.value) ?? [], [query.data]);
  const { fetchNextPage, isFetchNextPageError } = query;
  const hasNextPage = query.hasNextPage && !query.isPlaceholderData;
  return {
    rows,
    /** The first page, with what it says beside its rows. */
    first: query.data?.pages[0],
    error: query.error,
    isPending: query.isPending,
    isLoading: query.isFetchingNextPage,
    refetch: () => void query.refetch(),
    isFetching: query.isFetching,
    more: useMemo(
      // What failed is not asked for again and again: the error stands there with its own retry.
      () => (hasNextPage && !isFetchNextPageError ? () => void fetchNextPage() : undefined),
      [hasNextPage, fetchNextPage, isFetchNextPageError],
    ),
  };
}
