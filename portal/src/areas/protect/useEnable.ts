/** Enables backup of machines, a few at once, and tells how it goes on and how it ended. */
import { useCallback, useState } from 'react';
import { nameOf } from '../../api/ids';
import { pool } from '../../api/pool';
import type { Policy } from '../../api/policies';
import { enable } from '../../api/protection';
import { useTold } from '../../frame/notifications';
import type { Said } from '../../frame/notifications';
import { path } from '../../frame/paths';
import { TOUCHED, useRefreshed } from '../../frame/touched';
import { useText } from '../../text/text';
import type { VaultPlace } from '../vault/VaultLayout';
import { text } from './text';

/** How far it is with a machine. */
export type Progress =
  { state: 'waits' | 'running' | 'done' } | { state: 'failed'; error: unknown };

/** By the machines' ids. */
export type ProgressOf = Readonly<Record<string, Progress>>;

/** How many machines are enabled at once. */
const AT_ONCE = 4;

export function useEnable(of: VaultPlace) {
  const t = useText(text);
  const told = useTold();
  const refreshed = useRefreshed();
  const [progress, setProgress] = useState<ProgressOf>({});
  const [isRunning, setIsRunning] = useState(false);

  const outcome = useCallback(
    (machines: string[], failed: number): Omit<Said, 'intent'> & { intent?: Said['intent'] } => {
      const [first = ''] = machines;
      const to = { path: path.vault(of.group, of.vault, 'items/vm'), label: t.toItems };
      const all = machines.length;
      if (!failed) {
        const body = all === 1 ? t.succeededOne(nameOf(first)) : t.succeededBody(all);
        return { title: t.succeeded, body, to };
      }
      const isAll = failed === all;
      return {
        title: isAll ? t.failed : t.partly,
        body: t.partlyBody(failed, all),
        intent: isAll ? 'error' : 'warning',
        to,
      };
    },
    [of.group, of.vault, t],
  );

  const run = async (machines: string[], policy: Policy) => {
    const set = (id: string, now: Progress) => setProgress((all) => ({ ...all, [id]: now }));
    const inTurn = pool(AT_ONCE);
    let failed = 0;
    const one = (id: string) =>
      inTurn(async () => {
        set(id, { state: 'running' });
        try {
          await enable(of, id, policy.id);
          set(id, { state: 'done' });
        } catch (error) {
          failed++;
          set(id, { state: 'failed', error });
          // Of one machine the notification says why; of several the list does.
          if (machines.length === 1) throw error;
        }
      });
    setIsRunning(true);
    for (const id of machines) set(id, { state: 'waits' });
    const [first = ''] = machines;
    const body =
      machines.length === 1
        ? t.startedOne(nameOf(first), of.vault)
        : t.startedBody(machines.length, of.vault);
    await told({ begun: t.started, body, failed: t.failed }, async () => {
      await Promise.all(machines.map(one));
      return outcome(machines, failed);
    });
    setIsRunning(false);
    await refreshed(TOUCHED.item);
  };
  return { run, progress, isRunning };
}
