/** The locks that hold for a scope: its own, and those on what it is in. */
import { Button, makeStyles } from '@fluentui/react-components';
import { DeleteRegular, LockClosedRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Lock } from '../../api/locks';
import { LOCK_ACTION, locksQuery, scopeOfLock } from '../../api/locks';
import { useRefusal } from '../../api/permissions';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { DeleteLock } from './DeleteLock';
import { text } from './text';
import { useScopeName } from './useScopeName';

const useStyles = makeStyles({ intro: { maxWidth: '720px', margin: '0 0 12px' } });

/** `onAdd` is the next step where there is none. */
export function LockList({ scope, onAdd }: { scope: string | undefined; onAdd: () => void }) {
  const styles = useStyles();
  const t = useText(text);
  const locks = useQuery(locksQuery(scope));
  const [leaving, setLeaving] = useState<Lock>();
  const columns = useColumns(scope ?? '', setLeaving);
  if (locks.error) return <Failure error={locks.error} retry={() => void locks.refetch()} />;
  if (!locks.data) return <Waiting />;
  return (
    <>
      <p className={styles.intro}>{t.intro}</p>
      {locks.data.length === 0 ? (
        <Empty
          icon={LockClosedRegular}
          title={t.none}
          body={t.noneBody}
          action={<Button onClick={onAdd}>{t.addLock}</Button>}
        />
      ) : (
        <Table label={t.locks} columns={columns} rows={locks.data} id={(lock) => lock.id} />
      )}
      {leaving && (
        <DeleteLock lock={leaving} here={scope ?? ''} onClose={() => setLeaving(undefined)} />
      )}
    </>
  );
}

function useColumns(here: string, onDelete: (lock: Lock) => void): Column<Lock>[] {
  const t = useText(text);
  const nameOfScope = useScopeName(here);
  return [
    { key: 'name', label: t.name, by: (lock) => lock.name, cell: (lock) => lock.name },
    {
      key: 'level',
      label: t.level,
      by: (lock) => lock.properties.level,
      cell: (lock) => t.levels[lock.properties.level],
    },
    { key: 'on', label: t.on, cell: (lock) => nameOfScope(scopeOfLock(lock)) },
    { key: 'notes', label: t.notes, width: 1.6, cell: (lock) => lock.properties.notes ?? '–' },
    {
      key: 'delete',
      label: t.remove,
      isLabelHidden: true,
      width: '56px',
      cell: (lock) => <Delete lock={lock} onDelete={onDelete} />,
    },
  ];
}

function Delete({ lock, onDelete }: { lock: Lock; onDelete: (lock: Lock) => void }) {
  const t = useText(text);
  const refused = useRefusal({ action: LOCK_ACTION.delete, on: scopeOfLock(lock) });
  return (
    <Button
      appearance="subtle"
      size="small"
      icon={<DeleteRegular />}
      aria-label={t.removeOf(lock.name)}
      title={refused}
      disabledFocusable={refused !== undefined}
      onClick={() => refused === undefined && onDelete(lock)}
    />
  );
}
