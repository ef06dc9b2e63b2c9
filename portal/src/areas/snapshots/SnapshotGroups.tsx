/** The service's resource groups for snapshots, and which of them are locked. */
import { LockClosedRegular } from '@fluentui/react-icons';
import { makeStyles } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { groupsQuery } from '../../api/groups';
import type { Group } from '../../api/groups';
import { locksQuery, scopeOfLock } from '../../api/locks';
import { path } from '../../frame/paths';
import { Failure } from '../../parts/Failure';
import { PageLink } from '../../parts/PageLink';
import { Part } from '../../parts/Part';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { Waiting } from '../../parts/Waiting';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

const useStyles = makeStyles({
  locks: { display: 'inline-flex', alignItems: 'center', gap: '6px' },
});

export function SnapshotGroups({ subscription }: { subscription: string }) {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const groups = useQuery(groupsQuery);
  const locks = useQuery(locksQuery(subscription));
  const own = groups.data?.filter((group) => group.managedBy);
  const lockedBy = (group: Group) =>
    (locks.data ?? []).filter((lock) =>
      `${scopeOfLock(lock)}/`.toLowerCase().startsWith(`${group.id}/`.toLowerCase()),
    ).length;
  const columns: Column<Group>[] = [
    {
      key: 'name',
      label: terms.name,
      width: 1.6,
      cell: (group) => <PageLink to={path.group(group.name)}>{group.name}</PageLink>,
    },
    { key: 'location', label: terms.location, cell: (group) => group.location },
    {
      key: 'locks',
      label: t.locks,
      cell: (group) => {
        const count = lockedBy(group);
        if (!count) return terms.none;
        return (
          <PageLink to={path.group(group.name, 'locks')} className={styles.locks}>
            <LockClosedRegular aria-hidden /> {t.lockCount(count)}
          </PageLink>
        );
      },
    },
  ];
  if (own?.length === 0) return null;
  return (
    <Part title={t.groups} why={t.groupsWhy}>
      {groups.error && <Failure error={groups.error} />}
      {!own && !groups.error && <Waiting />}
      {own && <Table label={t.groups} columns={columns} rows={own} id={(group) => group.id} />}
    </Part>
  );
}
