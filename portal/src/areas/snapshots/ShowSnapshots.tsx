/** The snapshots in a collection. */
import { Button, makeStyles } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { nameOf } from '../../api/ids';
import { snapshotsQuery } from '../../api/collections';
import type { Collection } from '../../api/collections';
import { text as frame } from '../../frame/text';
import { Failure } from '../../parts/Failure';
import { Panel } from '../../parts/Panel';
import { Waiting } from '../../parts/Waiting';
import { word } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { text } from './text';

const useStyles = makeStyles({
  table: { width: '100%', borderCollapse: 'collapse', textAlign: 'left' },
  cell: { padding: '6px 8px 6px 0' },
});

export function ShowSnapshots({ of, onClose }: { of: Collection; onClose: () => void }) {
  const styles = useStyles();
  const t = useText(text);
  const names = useText(frame);
  const time = useTime();
  const { data, error } = useQuery(snapshotsQuery(of.id));
  const title = t.snapshotsOf(nameOf(of.properties.source.id));
  return (
    <Panel
      title={title}
      onClose={onClose}
      actions={<Button onClick={onClose}>{names.close}</Button>}
    >
      {error && <Failure error={error} />}
      {!data && !error && <Waiting />}
      {data?.length === 0 && t.noSnapshots}
      {data && data.length > 0 && (
        <table className={styles.table} aria-label={title}>
          <thead>
            <tr>
              <th scope="col" className={styles.cell}>
                {t.taken}
              </th>
              <th scope="col" className={styles.cell}>
                {t.consistency}
              </th>
            </tr>
          </thead>
          <tbody>
            {data.map(({ id, properties }) => (
              <tr key={id}>
                <td className={styles.cell}>{time.second(properties.timeCreated)}</td>
                <td className={styles.cell}>{word(t.consistencies, properties.consistencyMode)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
