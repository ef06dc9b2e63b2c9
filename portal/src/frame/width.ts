import { useSyncExternalStore } from 'react';

/** Narrower than this is a phone. */
const PHONE = '(max-width: 700px)';
const phone = matchMedia(PHONE);

const subscribe = (changed: () => void) => {
  phone.addEventListener('change', changed);
  return () => phone.removeEventListener('change', changed);
};

/** Whether the screen is a phone's. */
export const usePhone = () => useSyncExternalStore(subscribe, () => phone.matches);

/** The same in styles. */
export const ON_PHONE = `@media ${PHONE}`;
