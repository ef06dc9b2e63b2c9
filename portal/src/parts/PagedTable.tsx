/** A list that comes in pages, in any state: on its way, failed, empty, or as a table. */
import type { ReactNode } from 'react';
import type { usePaged } from '../api/paged';
import { Failure } from './Failure';
import type { Column } from './Table';
import { Table } from './Table';
import { Waiting } from './Waiting';

export function PagedTable<T>(props: {
  list: ReturnType<typeof usePaged<T>>;
  /** What the rows are, for readers of screens. */
  label: string;
  columns: Column<T>[];
  id: (row: T) => string;
  /** Which of the rows are shown; all if left out. */
  isShown?: (row: T) => boolean;
  /** What stands where there is none. */
  empty: ReactNode;
}) {
  const { list, isShown } = props;
  const rows = isShown ? list.rows.filter(isShown) : list.rows;
  if (list.isPending && !list.error) return <Waiting />;
  return (
    <>
      {list.error && <Failure error={list.error} retry={list.refetch} />}
      {rows.length === 0 && !list.more && !list.error && props.empty}
      {(rows.length > 0 || list.more) && (
        <Table
          label={props.label}
          columns={props.columns}
          rows={rows}
          id={props.id}
          more={list.more}
          isLoading={list.isLoading}
        />
      )}
    </>
  );
}
