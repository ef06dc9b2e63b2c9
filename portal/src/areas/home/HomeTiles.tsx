/** Counts over all vaults, each the way to what it counts. */
import { Subtitle2, makeStyles } from '@fluentui/react-components';
import type { Overview } from '../../api/overview';
import { Tile, Tiles } from '../../parts/Tile';
import { useNumbers } from '../../text/numbers';
import { useText } from '../../text/text';
import { text } from './text';

const useStyles = makeStyles({
  title: { margin: '0 0 8px' },
});

export function HomeTiles({ overview: of }: { overview: Overview }) {
  const styles = useStyles();
  const t = useText(text);
  const { count, bytes, percent } = useNumbers();
  const fullest = of.storage.places[0];
  const alerts = of.alerts;
  /** A number, or a dash where it may not be known. */
  const number = (n: number | undefined) => (n === undefined ? '–' : count(n));
  return (
    <section aria-labelledby="overview">
      <Subtitle2 as="h2" block id="overview" className={styles.title}>
        {t.overview}
      </Subtitle2>
      <Tiles>
        <Tile
          label={t.machines}
          value={number(of.machines?.total)}
          note={of.machines && t.machinesNote(count(of.machines.protected))}
          to="/machines"
        />
        <Tile
          label={t.items}
          value={number(of.items.total)}
          note={t.itemsNote(count(of.protectedInstances))}
          to="/items"
        />
        <Tile
          label={t.inProgress}
          value={number(of.jobs.inProgress)}
          note={t.inProgressNote(count(of.jobs.last24Hours.completed))}
          to="/jobs?status=InProgress"
        />
        <Tile
          label={t.failed}
          value={number(of.jobs.last24Hours.failed)}
          note={t.failedNote}
          to="/jobs?status=Failed&days=1"
        />
        <Tile
          label={t.alerts}
          value={number(
            alerts ? alerts.critical + alerts.warning + alerts.informational : undefined,
          )}
          note={alerts && t.alertsNote(count(alerts.critical))}
          to="/alerts"
        />
        <Tile label={t.vaults} value={number(of.vaults)} to="/vaults" />
        <Tile
          label={t.storage}
          value={fullest ? percent(fullest.usedPercent / 100) : '–'}
          note={fullest && t.storageNote(fullest.name, bytes(fullest.freeBytes))}
          to="/storage"
        />
      </Tiles>
    </section>
  );
}
