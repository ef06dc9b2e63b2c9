/** What an item is and how it stands (PORTAL-2). */
import { Link as Button, Subtitle1, makeStyles } from '@fluentui/react-components';
import { Suspense, lazy, useState } from 'react';
import { groupOf, machineOf, vaultOf } from '../../api/ids';
import type { Item } from '../../api/items';
import { usePaged } from '../../api/paged';
import { POINTS, pointsPath, tierOf } from '../../api/points';
import type { Point } from '../../api/points';
import { path } from '../../frame/paths';
import { PageLink } from '../../parts/PageLink';
import { Facts } from '../../parts/Facts';
import { Status } from '../../parts/Status';
import type { Tone } from '../../parts/Status';
import { useNumbers } from '../../text/numbers';
import { toneOf, useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { TIERS } from '../points/signs';
import { lastOf, stateOf } from './possible';
import { text } from './text';

const PolicyPane = lazy(() => import('./PolicyPane'));

const CHECK: Record<Item['properties']['healthStatus'], Tone> = {
  Passed: 'good',
  ActionSuggested: 'warning',
  ActionRequired: 'bad',
};

const useStyles = makeStyles({ head: { display: 'block', margin: '8px 0 8px' } });

export function Summary({ item }: { item: Item }) {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const [isOpen, setIsOpen] = useState(false);
  const { properties } = item;
  const info = properties.extendedInfo;
  const { group, machine } = machineOf(item.id);
  const [vaultGroup, vault] = [groupOf(item.id), vaultOf(item.id)];
  const state = stateOf(item);
  const last = lastOf(item);
  const jobs = `${path.vault(vaultGroup, vault, 'jobs')}?days=all&item=${encodeURIComponent(item.id)}`;
  return (
    <section>
      <Subtitle1 as="h2" className={styles.head}>
        {t.summary}
      </Subtitle1>
      <Facts
        of={[
          [t.lastBackup, <Status tone={toneOf(last)}>{word(terms.lastBackup, last)}</Status>],
          [terms.machine, <PageLink to={path.machine(group, machine)}>{machine}</PageLink>],
          [t.lastTime, time.moment(properties.lastBackupTime)],
          [terms.group, group],
          [
            t.state,
            <Status tone={state === 'SoftDeleted' ? 'bad' : toneOf(state)}>
              {word(terms.protection, state)}
            </Status>,
          ],
          [terms.vault, <PageLink to={path.vault(vaultGroup, vault)}>{vault}</PageLink>],
          [
            terms.policy,
            properties.policyId ? (
              <Button as="button" onClick={() => setIsOpen(true)}>
                {properties.policyName}
              </Button>
            ) : (
              '–'
            ),
          ],
          [t.disks, <Disks item={item} />],
          [t.nextRun, info.stillpointNextRun ? time.moment(info.stillpointNextRun) : t.noRun],
          [t.newest, time.moment(info.newestRecoveryPoint)],
          [t.count, <PointCount item={item} />],
          [t.oldest, time.moment(info.oldestRecoveryPoint)],
          [
            t.check,
            <Status tone={CHECK[properties.healthStatus]}>
              {t.checks[properties.healthStatus]}
            </Status>,
          ],
          [t.jobs, <PageLink to={jobs}>{t.viewJobs}</PageLink>],
        ]}
      />
      {isOpen && (
        <Suspense>
          <PolicyPane item={item} onClose={() => setIsOpen(false)} />
        </Suspense>
      )}
    </section>
  );
}

/** Which of the machine's disks are backed up. */
function Disks({ item }: { item: Item }) {
  const t = useText(text);
  const chosen = item.properties.extendedProperties?.diskExclusionProperties;
  if (!chosen) return t.allDisks;
  const luns = (chosen.diskLunList ?? []).join(', ');
  if (!chosen.isInclusionList) return luns ? t.withoutDisks(luns) : t.allDisks;
  return luns ? t.onlyDisks(luns) : t.onlyOs;
}

/** How many points there are, by tier as far as one page tells of all of them. */
function PointCount({ item }: { item: Item }) {
  const terms = useTerms();
  const numbers = useNumbers();
  const points = usePaged<Point>([POINTS], pointsPath(item.id));
  const count = numbers.count(item.properties.extendedInfo.recoveryPointCount ?? 0);
  if (points.more || points.rows.length === 0) return count;
  const tiers = TIERS.map((tier) => ({
    tier,
    count: points.rows.filter((point) => tierOf(point) === tier).length,
  }));
  const said = tiers
    .filter((of) => of.count > 0)
    .map((of) => `${terms.tier[of.tier]}: ${numbers.count(of.count)}`);
  return `${count} (${said.join(', ')})`;
}
