/** The machines that have a policy. */
import { DesktopRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { Button } from '@fluentui/react-components';
import type { Schemas } from '../../api/client';
import { usePaged } from '../../api/paged';
import { vaultQuery } from '../../api/vaults';
import { path } from '../../frame/paths';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { Status } from '../../parts/Status';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { toneOf, useTerms, word } from '../../text/terms';
import { useTime } from '../../text/time';
import type { VaultPlace } from '../vault/VaultLayout';
import { text } from './text';

type Item = Schemas['ProtectedItem'];

/** The items of a policy, looked at again now and then. */
export function usePolicyItems(of: VaultPlace, policy: string) {
  const { data: vault } = useQuery(vaultQuery(of.group, of.vault));
  const filter = encodeURIComponent(`policyName eq '${policy.replaceAll("'", "''")}'`);
  return usePaged<Item>(
    ['items', of.group, of.vault],
    vault && `${vault.id}/backupProtectedItems?$filter=${filter}`,
    30_000,
  );
}

export function PolicyItems(props: { of: VaultPlace; items: ReturnType<typeof usePolicyItems> }) {
  const { items } = props;
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const columns: Column<Item>[] = [
    {
      key: 'name',
      label: terms.machine,
      by: (i) => i.properties.friendlyName,
      cell: (i) => <Link href={path.item(i.id)}>{i.properties.friendlyName}</Link>,
    },
    {
      key: 'last',
      label: t.lastBackup,
      by: (i) => statusOf(i),
      cell: (i) => (
        <Status tone={toneOf(statusOf(i))}>{word(terms.lastBackup, statusOf(i))}</Status>
      ),
    },
    {
      key: 'point',
      label: t.lastPoint,
      by: (i) => i.properties.lastRecoveryPoint ?? '',
      cell: (i) => time.moment(i.properties.lastRecoveryPoint),
    },
    {
      key: 'next',
      label: t.nextRun,
      by: (i) => i.properties.extendedInfo.stillpointNextRun ?? '',
      cell: (i) => time.moment(i.properties.extendedInfo.stillpointNextRun),
    },
  ];
  if (items.error) return <Failure error={items.error} retry={items.refetch} />;
  if (items.isPending) return <Waiting />;
  if (!items.rows.length) {
    return (
      <Empty
        icon={DesktopRegular}
        title={t.noItemsTitle}
        body={t.noItemsBody}
        action={
          <Link href={path.vault(props.of.group, props.of.vault, 'backup')} asChild>
            <Button as="a">{t.backup}</Button>
          </Link>
        }
      />
    );
  }
  return (
    <Table
      label={t.items}
      columns={columns}
      rows={items.rows}
      id={(i) => i.id}
      more={items.more}
      isLoading={items.isLoading}
    />
  );
}

/** The word of the last backup, or that there was none yet. */
export const statusOf = ({ properties: p }: Item) =>
  p.protectionState === 'IRPending' ? 'IRPending' : p.lastBackupStatus;
