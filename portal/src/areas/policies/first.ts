/** The policies that every vault has from its beginning (POLICY-2, 27, 28), before it is there. */
import type { PolicyBody, PolicySettings } from '../../api/policies';
import { blank } from './draft';
import type { Draft } from './draft';

/** The name of the policy that is chosen if nobody chooses. */
export const DEFAULT_POLICY = 'DefaultPolicy';
export const ENHANCED_POLICY = 'EnhancedPolicy';

export const FIRST: readonly string[] = [DEFAULT_POLICY, ENHANCED_POLICY];

/** A policy that is made along with its vault. */
export interface Kept {
  name: string;
  body: PolicyBody;
  settings: PolicySettings;
}

const off = <R extends { isOn: boolean }>(range: R): R => ({ ...range, isOn: false });

/** Once a day, kept 30 days, snapshots 2 days. */
export const standardDefault = (): Draft => {
  const without = blank();
  return {
    ...without,
    name: DEFAULT_POLICY,
    daily: { isOn: true, count: '30' },
    weekly: off(without.weekly),
    monthly: off(without.monthly),
    yearly: off(without.yearly),
  };
};

/** Every four hours from 08:00 on, with all ranges. */
export const enhancedDefault = (): Draft => ({
  ...blank(),
  name: ENHANCED_POLICY,
  kind: 'V2',
  frequency: 'Hourly',
  time: '08:00',
  snapshotDays: '7',
});

export const isFirst = (name: string) => FIRST.some((f) => f.toLowerCase() === name.toLowerCase());
