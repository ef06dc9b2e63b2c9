import { useEffect, useState } from 'react';

/** How long nobody has typed before something is asked for, in milliseconds. */
const STILL = 300;

/** A value once it has stayed the same for a while. */
export function useStill<T>(value: T): T {
  const [still, setStill] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setStill(value), STILL);
    return () => clearTimeout(timer);
  }, [value]);
  return still;
}
