/** What a list of items is filtered by. It stands in the address, so other pages lead to it. */
import { useEffect, useState } from 'react';
import { useSearchParams } from 'wouter';
import { showOf } from './shows';

/** For how long typing must rest before it is asked for, in milliseconds. */
const REST = 300;

export function useItemFilter() {
  const [params, setParams] = useSearchParams();
  const show = showOf(params.get('show') ?? params.get('attention'));
  const name = params.get('name') ?? '';
  const [typed, type] = useState(name);
  const set = (change: Record<string, string>) =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        for (const [key, value] of Object.entries(change)) {
          if (value) after.set(key, value);
          else after.delete(key);
        }
        return after;
      },
      { replace: true },
    );
  useEffect(() => {
    if (typed.trim() === name) return;
    const timer = setTimeout(() => set({ name: typed.trim() }), REST);
    return () => clearTimeout(timer);
    // What is set is new each time, and does the same.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [typed, name]);
  return {
    show,
    name,
    typed,
    type,
    setShow: (show: string) => set({ show, attention: '' }),
    clear: () => {
      type('');
      set({ show: '', attention: '', name: '' });
    },
  };
}
