/** Which pane is open on a page, kept in its address: another page can lead to it, Back closes it. */
import { useSearchParams } from 'wouter';

export function usePane<P extends string>(panes: readonly P[]) {
  const [params, set] = useSearchParams();
  const asked = params.get('pane');
  return {
    pane: panes.find((one) => one === asked),
    open: (pane: P) => set({ pane }),
    close: () => set({}, { replace: true }),
  };
}
