/** "Backup now" of an item that is known by its place only. */
import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy } from 'react';
import type { Machine } from '../../api/ids';
import { itemQuery } from '../../api/items';
import { Failure } from '../../parts/Failure';
import { Panel } from '../../parts/Panel';
import { useTerms } from '../../text/terms';
import type { VaultPlace } from '../vault/VaultLayout';

const BackupNow = lazy(() => import('./BackupNow'));

export function Now(props: { of: VaultPlace; machine: Machine; onClose: () => void }) {
  const { of, onClose } = props;
  const terms = useTerms();
  const { data, error, refetch } = useQuery(itemQuery(of.group, of.vault, props.machine));
  if (data) {
    return (
      <Suspense>
        <BackupNow item={data} onClose={onClose} />
      </Suspense>
    );
  }
  if (!error) return null;
  return (
    <Panel title={terms.backupNow} onClose={onClose}>
      <Failure error={error} retry={() => void refetch()} />
    </Panel>
  );
}
