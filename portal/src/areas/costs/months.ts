/** Months that costs are shown for: those that are kept (400 days), the newest first. */
import type { Period } from '../../api/costs';

/** How many months are offered. */
const MONTHS = 13;

const iso = (date: Date) => date.toISOString().slice(0, 10);

/** The last months of UTC, as periods; the running one ends with its last day. */
export function months(now = new Date()): Period[] {
  return Array.from({ length: MONTHS }, (_, back) => {
    const [year, month] = [now.getUTCFullYear(), now.getUTCMonth() - back];
    return {
      from: iso(new Date(Date.UTC(year, month, 1))),
      to: iso(new Date(Date.UTC(year, month + 1, 0))),
    };
  });
}
