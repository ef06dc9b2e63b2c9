import { act, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { beforeEach, expect, it } from 'vitest';
import { NotificationsProvider, useNotifications } from './notifications';

beforeEach(() => sessionStorage.clear());

const around = ({ children }: { children: ReactNode }) => (
  <NotificationsProvider user="u">{children}</NotificationsProvider>
);
const shown = () => renderHook(useNotifications, { wrapper: around });

it('counts what is new, but not the end of what was dismissed', () => {
  const { result } = shown();
  let id = 0;
  act(() => void (id = result.current.tell({ title: 'begun', intent: 'progress' })));
  expect(result.current.unread).toBe(1);
  act(() => result.current.read());
  expect(result.current.unread).toBe(0);
  act(() => result.current.change(id, { title: 'done', intent: 'success' }));
  expect(result.current.unread).toBe(1);
  act(() => result.current.clear());
  act(() => result.current.change(id, { title: 'again', intent: 'success' }));
  expect(result.current.unread).toBe(0);
});

it('has them after a reload, without what nobody follows any more, but not after a sign-out', () => {
  const before = shown();
  act(() => void before.result.current.tell({ title: 'begun', intent: 'progress' }));
  const kept = sessionStorage.getItem('notifications u') ?? '';
  before.unmount();
  expect(shown().result.current.all).toEqual([]);
  sessionStorage.setItem('notifications u', kept);
  expect(shown().result.current.all).toMatchObject([{ title: 'begun', intent: 'info' }]);
});
