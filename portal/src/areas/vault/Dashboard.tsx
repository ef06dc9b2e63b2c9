/** The tiles of a vault's dashboard: items, jobs, alerts, storage. */
import { Subtitle2, makeStyles } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { vaultOverviewQuery } from '../../api/overview';
import { vaultCountsQuery } from '../../api/usages';
import { sums, vaultUsageQuery } from '../../api/vaultUsages';
import { path } from '../../frame/paths';
import { CountCard, CountCards } from '../../parts/CountCard';
import { useNumbers } from '../../text/numbers';
import { useText } from '../../text/text';
import type { VaultPlace } from './VaultLayout';
import { text } from './overviewText';

const useStyles = makeStyles({ head: { margin: '16px 0 8px' } });

export function Dashboard({ of: { group, vault } }: { of: VaultPlace }) {
  const styles = useStyles();
  const t = useText(text);
  const numbers = useNumbers();
  const overview = useQuery(vaultOverviewQuery(group, vault));
  const counts = useQuery(vaultCountsQuery(group, vault));
  const usage = useQuery(vaultUsageQuery(group, vault));
  const { items, jobs, alerts } = overview.data ?? {};
  const taken = usage.data && sums(usage.data);
  // Which bytes are shared is not known before the first count.
  const counted = taken?.vault.countedAt === undefined ? undefined : taken.vault;
  const at = (section: string) => path.vault(group, vault, section);

  /** A number; a dash where it can't be known; nothing as long as it is on its way. */
  const said = (n: number | undefined, isThere: boolean, how: (n: number) => string) =>
    n === undefined ? (isThere ? '–' : undefined) : how(n);
  const number = (n: number | undefined) => said(n, !overview.isPending, numbers.count);
  const size = (n: number | undefined) => said(n, !usage.isPending, numbers.bytes);
  const last = jobs?.last24Hours;

  return (
    <section aria-labelledby="dashboard">
      <Subtitle2 as="h2" block id="dashboard" className={styles.head}>
        {t.dashboard}
      </Subtitle2>
      <CountCards>
        <CountCard
          title={t.items}
          to={at('items')}
          rows={[
            {
              label: t.machines,
              value: said(counts.data?.items, !counts.isPending, numbers.count),
              to: at('items/vm'),
            },
            { label: t.pending, value: number(items?.initialBackupPending), isPart: true },
            { label: t.lastFailed, value: number(items?.lastBackupFailed), isPart: true },
            { label: t.missed, value: number(items?.pointsMissed), isPart: true },
            {
              label: t.softDeleted,
              value: said(counts.data?.softDeleted, !counts.isPending, numbers.count),
              to: at('items/vm'),
            },
          ]}
        />
        <CountCard
          title={t.jobs}
          to={at('jobs')}
          rows={[
            {
              label: t.inProgress,
              value: number(jobs?.inProgress),
              to: at('jobs?status=InProgress'),
            },
            {
              label: t.failedDay,
              value: number(last?.failed),
              to: at('jobs?status=Failed&days=1'),
            },
            {
              label: t.warnedDay,
              value: number(last?.completedWithWarnings),
              to: at('jobs?status=CompletedWithWarnings&days=1'),
            },
            {
              label: t.doneDay,
              value: number(last?.completed),
              to: at('jobs?status=Completed&days=1'),
            },
          ]}
        />
        <CountCard
          title={t.storage}
          to={at('infrastructure')}
          rows={[
            { label: t.inVault, value: size(taken?.vault.stored) },
            { label: t.unique, value: size(counted?.unique), isPart: true },
            { label: t.shared, value: size(counted?.shared), isPart: true },
            { label: t.added, value: size(taken?.vault.added), isPart: true },
            { label: t.snapshots, value: size(taken?.snapshots) },
            { label: t.logical, value: size(taken?.logical) },
            { label: t.saved, value: size(taken?.saved) },
          ]}
        />
        <CountCard
          title={t.alerts}
          to={at('alerts')}
          rows={[
            { label: t.critical, value: number(alerts?.critical), to: at('alerts') },
            { label: t.warning, value: number(alerts?.warning), to: at('alerts') },
            { label: t.informational, value: number(alerts?.informational), to: at('alerts') },
          ]}
        />
      </CountCards>
    </section>
  );
}
