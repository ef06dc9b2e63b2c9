import { useSearchParams } from 'wouter';

/** What a page keeps in its address, such as filters: other pages lead to it, a reload keeps it. */
export function useAddress<Name extends string>() {
  const [params, setParams] = useSearchParams();
  return {
    /** Empty where the address does not say it. */
    get: (name: Name) => params.get(name) ?? '',
    /** Changes some; what is empty goes. */
    set: (change: Partial<Record<Name, string>>) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries<string | undefined>(change)) {
            if (value) after.set(name, value);
            else after.delete(name);
          }
          return after;
        },
        { replace: true },
      ),
    clear: () => setParams({}, { replace: true }),
  };
}
