/** The stores of a vault, and what each holds of it; the way to have all of it counted. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { COUNT_ACTION, countUsage, storesOf, vaultUsageQuery } from '../../api/vaultUsages';
import { path } from '../../frame/paths';
import { TOUCHED } from '../../frame/touched';
import { useWork } from '../../frame/useWork';
import { Equal } from '../../parts/Equal';
import { Failure } from '../../parts/Failure';
import { Guarded } from '../../parts/Guarded';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { Waiting } from '../../parts/Waiting';
import { useNumbers } from '../../text/numbers';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import type { VaultPlace } from './VaultLayout';
import { countEqual } from './commands';
import { text } from './usageText';

type Store = ReturnType<typeof storesOf>[number];

const useStyles = makeStyles({
  hint: {
    maxWidth: '720px',
    margin: '12px 0',
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
  },
});

export function StoreTable({ of }: { of: VaultPlace }) {
  const { group, vault } = of;
  const styles = useStyles();
  const t = useText(text);
  const columns = useColumns();
  const usage = useQuery(vaultUsageQuery(group, vault));
  const { work, isBusy } = useWork(TOUCHED.vault);
  if (usage.error) return <Failure error={usage.error} retry={() => void usage.refetch()} />;
  if (!usage.data) return <Waiting />;
  const stores = storesOf(usage.data);
  const at = usage.data.id;
  const count = () =>
    void work({ begun: t.counting(vault), failed: t.notCounted(vault) }, async () => {
      await countUsage(group, vault);
      const to = { path: path.vault(group, vault, 'infrastructure'), label: vault };
      return { title: t.countedNow(vault), to };
    });
  return (
    <>
      {stores.length === 0 ? (
        <p>{t.none}</p>
      ) : (
        <Table label={t.store} columns={columns} rows={stores} id={(store) => store.name} />
      )}
      <p className={styles.hint}>{t.explained}</p>
      <Guarded needs={{ action: COUNT_ACTION, on: at }} isBusy={isBusy} onClick={count}>
        {t.count}
      </Guarded>
      <Equal to={countEqual(vault, at)} />
    </>
  );
}

function useColumns(): Column<Store>[] {
  const t = useText(text);
  const time = useTime();
  const { bytes } = useNumbers();
  const isKnown = (store: Store, key: string) =>
    store.countedAt !== undefined || (key !== 'unique' && key !== 'shared');
  const size = (key: 'stored' | 'unique' | 'shared' | 'added'): Column<Store> => ({
    key,
    label: t[key],
    isNumber: true,
    by: (store) => store[key],
    // Before the first count only what was added is known.
    cell: (store) => bytes(isKnown(store, key) ? store[key] : undefined),
  });
  return [
    {
      key: 'store',
      label: t.store,
      width: 1.4,
      cell: (store) => (store.isVault ? t.vaultStore : t.snapshotsOf(store.name)),
    },
    size('stored'),
    size('unique'),
    size('shared'),
    size('added'),
    {
      key: 'counted',
      label: t.counted,
      width: 1.4,
      cell: (store) => (store.countedAt ? time.moment(store.countedAt) : t.never),
    },
  ];
}
