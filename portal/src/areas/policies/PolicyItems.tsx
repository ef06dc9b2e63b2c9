/** The machines that have a policy. */
import { Button } from '@fluentui/react-components';
import { DesktopRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import type { Schemas } from '../../api/client';
import { usePaged } from '../../api/paged';
import { vaultQuery } from '../../api/vaults';
import { path } from '../../frame/paths';
import { Empty } from '../../parts/Empty';
import { PagedTable } from '../../parts/PagedTable';
import { PageLink } from '../../parts/PageLink';
import { Status } from '../../parts/Status';
import type { Column } from '../../parts/Table';
import { useText } from '../../text/text';
import { toneOf, useTerms, word } from '../../text/terms';
import { useTime } from '../../text/time';
import { lastOf } from '../item/possible';
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
  const [, go] = useLocation();
  const columns: Column<Item>[] = [
    {
      key: 'name',
      label: terms.machine,
      by: (i) => i.properties.friendlyName,
      cell: (i) => <PageLink to={path.item(i.id)}>{i.properties.friendlyName}</PageLink>,
    },
    {
      key: 'last',
      label: t.lastBackup,
      by: (i) => lastOf(i),
      cell: (i) => <Status tone={toneOf(lastOf(i))}>{word(terms.lastBackup, lastOf(i))}</Status>,
    },
    {
      key: 'point',
      label: t.lastPoint,
      by: (i) => i.properties.lastRecoveryPoint ?? '',
      cell: (i) => time.moment(i.properties.lastRecoveryPoint),
    },
  ];
  return (
    <PagedTable
      list={items}
      label={t.items}
      columns={columns}
      id={(i) => i.id}
      empty={
        <Empty
          icon={DesktopRegular}
          title={t.noItemsTitle}
          body={t.noItemsBody}
          action={
            <Button onClick={() => go(path.vault(props.of.group, props.of.vault, 'backup'))}>
              {t.backup}
            </Button>
          }
        />
      }
    />
  );
}
