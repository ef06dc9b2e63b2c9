import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useJob } from './progress';

const ID = '/subscriptions/s/resourceGroups/g/providers/v/backupJobs/j';

/** The stream of a job, as far as the browser's is used. */
class Stream extends EventTarget {
  static last: Stream | undefined;
  onopen?: () => void;
  onerror?: () => void;
  constructor() {
    super();
    Stream.last = this;
  }
  close() {}
}

let asked = 0;

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  vi.stubGlobal('EventSource', Stream);
  vi.stubGlobal('fetch', async ({ url }: Request) => {
    if (new URL(url).pathname === '/subscriptions') {
      return Response.json({ value: [{ id: '/subscriptions/s' }] });
    }
    asked += 1;
    return Response.json({ id: ID, properties: { status: 'InProgress' } });
  });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a job is asked for again and again only where its stream is not open', async () => {
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const { result } = renderHook(() => useJob('g', 'v', 'j'), { wrapper });
  await vi.waitFor(() => expect(result.current.job).toBeDefined());
  await act(() => vi.advanceTimersByTimeAsync(4_500));
  expect(asked).toBeGreaterThan(1);
  act(() => Stream.last?.onopen?.());
  const before = asked;
  await act(() => vi.advanceTimersByTimeAsync(10_000));
  expect(asked).toBe(before);
  act(() => Stream.last?.onerror?.());
  await act(() => vi.advanceTimersByTimeAsync(4_500));
  expect(asked).toBeGreaterThan(before);
});
