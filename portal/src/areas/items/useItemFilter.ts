/** What a list of items is filtered by. It stands in the address, so other pages lead to it. */
import { useEffect, useState } from 'react';
import { useAddress } from '../../parts/useAddress';
import { showOf } from './shows';

/** For how long typing must rest before it is asked for, in milliseconds. */
const REST = 300;

export function useItemFilter() {
  const { get, set } = useAddress<'show' | 'attention' | 'name'>();
  const show = showOf(get('show') || get('attention'));
  const name = get('name');
  const [typed, type] = useState(name);
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
