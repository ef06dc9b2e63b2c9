/** What a list of jobs is filtered by. It stands in the address, so tiles lead to it. */
import { useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import { OPERATIONS, STATUSES } from '../../api/jobs';
import type { JobFilter } from '../../api/jobs';

/** Days that a list goes back; `all` for all that there are. */
export const SPANS = ['1', '3', '7', '30', 'all'] as const;
export type Span = (typeof SPANS)[number];

const DAY = 86_400_000;

const oneOf = <T extends string>(all: readonly T[], asked: string | null): T | undefined =>
  all.find((one) => one === asked);

export function useJobFilter() {
  const [params, setParams] = useSearchParams();
  // The hour in which the page was opened: a list that moves with each second would be new each time.
  const [now] = useState(() => Math.ceil(Date.now() / 3_600_000) * 3_600_000);
  const status = oneOf(STATUSES, params.get('status'));
  const operation = oneOf(OPERATIONS, params.get('operation'));
  const machine = params.get('machine') ?? '';
  const item = params.get('item') ?? undefined;
  // What runs is wanted however long ago it began.
  const usual: Span = status === 'InProgress' ? 'all' : '7';
  const span = oneOf(SPANS, params.get('days')) ?? usual;
  const filter = useMemo(
    (): JobFilter => ({
      status,
      operation,
      item,
      from: span === 'all' ? undefined : new Date(now - Number(span) * DAY),
    }),
    [status, operation, item, span, now],
  );
  const set = (name: 'status' | 'operation' | 'machine' | 'item' | 'days', value: string) =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        if (value) after.set(name, value);
        else after.delete(name);
        return after;
      },
      { replace: true },
    );
  const clear = () => setParams({ days: 'all' }, { replace: true });
  return { status, operation, machine, item, span, filter, set, clear };
}
