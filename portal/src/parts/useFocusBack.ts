import { useEffect, useState } from 'react';

/** What had the focus: of a menu's entry, which goes with its menu, the button that opened it. */
function origin(): HTMLElement | null {
  const active = document.activeElement;
  const menu = active?.closest('[role=menu]');
  const opener = menu?.getAttribute('aria-labelledby');
  const found = opener ? document.getElementById(opener) : active;
  return found instanceof HTMLElement && found !== document.body ? found : null;
}

/** Gives the focus back to where it was before, once a pane is gone that took it. */
export function useFocusBack() {
  const [from] = useState(origin);
  useEffect(
    () => () => {
      setTimeout(() => {
        const isLost = !document.activeElement || document.activeElement === document.body;
        if (!isLost) return;
        // What opened the pane may be gone by what the pane did.
        const to = from?.isConnected ? from : document.getElementById('content');
        to?.focus();
      });
    },
    [from],
  );
}
