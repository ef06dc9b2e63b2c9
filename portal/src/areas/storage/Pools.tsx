/** The folders that new vaults are put in. */
import { Button } from '@fluentui/react-components';
import { DeleteRegular, EditRegular, FolderRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { usePaged } from '../../api/paged';
import { POOLS, STORAGE_ACTION, poolsPath } from '../../api/storage';
import type { VaultPool } from '../../api/storage';
import { TOUCHED } from '../../frame/touched';
import { Empty } from '../../parts/Empty';
import { Fullness } from '../../parts/Fullness';
import { PagedTable } from '../../parts/PagedTable';
import { Part } from '../../parts/Part';
import { RowMenu } from '../../parts/RowMenu';
import type { Column } from '../../parts/Table';
import { useNumbers } from '../../text/numbers';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { ChangePool } from './ChangePool';
import { Remove } from './Remove';
import { text } from './text';

type Open = { pool: VaultPool; pane: 'change' | 'remove' };

export function Pools({ subscription, onAdd }: { subscription: string; onAdd: () => void }) {
  const t = useText(text);
  const pools = usePaged<VaultPool>([POOLS], poolsPath(subscription), 30_000);
  const [open, setOpen] = useState<Open>();
  const columns = useColumns(setOpen);
  const close = () => setOpen(undefined);
  return (
    <Part title={t.pools} why={t.poolsWhy}>
      <PagedTable
        list={pools}
        label={t.pools}
        columns={columns}
        id={(pool) => pool.id}
        empty={
          <Empty
            icon={FolderRegular}
            title={t.noPools}
            body={t.noPoolsBody}
            action={<Button onClick={onAdd}>{t.addPool}</Button>}
          />
        }
      />
      {open?.pane === 'change' && <ChangePool pool={open.pool} onClose={close} />}
      {open?.pane === 'remove' && (
        <Remove
          id={open.pool.id}
          name={open.pool.name}
          why={t.removePool}
          stillpoint="stillpoint pool remove"
          action={STORAGE_ACTION.poolDelete}
          touches={TOUCHED.pool}
          onClose={close}
        />
      )}
    </Part>
  );
}

function useColumns(open: (open: Open) => void): Column<VaultPool>[] {
  const t = useText(text);
  const terms = useTerms();
  const { count } = useNumbers();
  return [
    { key: 'name', label: terms.name, by: (pool) => pool.name, cell: (pool) => pool.name },
    {
      key: 'folder',
      label: t.folder,
      width: 1.6,
      cell: (pool) => pool.properties.folder,
    },
    {
      key: 'space',
      label: t.space,
      width: 1.6,
      by: (pool) => pool.properties.freeBytes ?? -1,
      cell: ({ properties }) => (
        <Fullness free={properties.freeBytes} total={properties.totalBytes} />
      ),
    },
    { key: 'vaults', label: t.vaults, cell: (pool) => count(pool.properties.vaults) },
    {
      key: 'takes',
      label: t.takes,
      cell: (pool) => (pool.properties.takesVaults ? terms.yes : terms.no),
    },
    { key: 'location', label: terms.location, cell: (pool) => pool.location },
    {
      key: 'more',
      label: terms.more,
      isLabelHidden: true,
      width: '48px',
      cell: (pool) => (
        <RowMenu
          of={pool.name}
          actions={[
            {
              label: t.change,
              icon: EditRegular,
              onClick: () => open({ pool, pane: 'change' }),
              needs: { action: STORAGE_ACTION.poolWrite, on: pool.id },
            },
            {
              label: t.remove,
              icon: DeleteRegular,
              onClick: () => open({ pool, pane: 'remove' }),
              needs: { action: STORAGE_ACTION.poolDelete, on: pool.id },
              refused: pool.properties.vaults
                ? t.poolHasVaults(count(pool.properties.vaults))
                : undefined,
            },
          ]}
        />
      ),
    },
  ];
}
