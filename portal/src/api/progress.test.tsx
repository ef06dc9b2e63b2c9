import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { useProgress } from './progress';

class Stream extends EventTarget {
  static last: Stream;
  onopen?: () => void;
  onerror?: () => void;
  close = vi.fn();
  constructor(readonly at: string) {
    super();
    Stream.last = this;
  }
}

afterEach(() => vi.unstubAllGlobals());

it('says whether the stream is open, so that nobody need ask besides', () => {
  vi.stubGlobal('EventSource', Stream);
  const client = new QueryClient();
  const around = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const onOpen = vi.fn();
  const { unmount } = renderHook(() => useProgress('/job', true, ['jobs'], onOpen), {
    wrapper: around,
  });
  expect(onOpen).not.toHaveBeenCalled();
  act(() => Stream.last.onopen?.());
  expect(onOpen).toHaveBeenLastCalledWith(true);
  act(() => Stream.last.onerror?.());
  expect(onOpen).toHaveBeenLastCalledWith(false);
  act(() => Stream.last.onopen?.());
  unmount();
  expect(onOpen).toHaveBeenLastCalledWith(false);
});
