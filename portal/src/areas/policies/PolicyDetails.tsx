/** What a policy says, in words (POLICY-3). */
import type { PolicySettings } from '../../api/policies';
import { Facts } from '../../parts/Facts';
import { useText } from '../../text/text';
import type { Draft } from './draft';
import { text } from './text';
import { usePolicyWords } from './words';
import { ahead, kindOf, offsetText } from './zones';

export function PolicyDetails({ of, settings }: { of: Draft; settings?: PolicySettings }) {
  const t = useText(text);
  const words = usePolicyWords();
  const minutes = ahead(of.zone);
  const zone = minutes === undefined ? of.zone : `(${offsetText(minutes)}) ${of.zone}`;
  const isUtc = of.zone.toUpperCase() === 'UTC';
  const clocks = kindOf(of.zone) === 'kept' ? t.keptOffset : t.followed;
  return (
    <Facts
      isSingle
      of={[
        [t.kind, t.kinds[of.kind]],
        [t.frequency, words.schedule(of)],
        [t.zone, isUtc ? of.zone : `${zone}. ${clocks}`],
        [t.instant, t.snapshots(Number(of.snapshotDays))],
        ...words.ranges(of).map(([name, said]): [string, string] => [t.ranges[name], said]),
        [t.group, of.prefix ? `${of.prefix}n${of.suffix}` : undefined],
        [t.consistency, of.kind === 'V2' ? (of.onlyCrash ? t.onlyCrash : t.asGuest) : undefined],
        [
          t.downgrades,
          settings && (settings.refuseDowngrades ? t.downgradesRefused : t.downgradesTaken),
        ],
      ]}
    />
  );
}
