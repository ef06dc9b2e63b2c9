/** The Recovery Services vaults of the subscription. */
import { Button, makeStyles } from '@fluentui/react-components';
import { AddRegular, ArchiveRegular, ArrowClockwiseRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { groupOf } from '../../api/ids';
import { called, locationsQuery } from '../../api/locations';
import { useSubscription } from '../../api/subscription';
import type { Vault } from '../../api/vaults';
import { vaultsQuery } from '../../api/vaults';
import { path } from '../../frame/paths';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { PageLink } from '../../parts/PageLink';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { Waiting } from '../../parts/Waiting';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { TagBadges } from './TagBadges';
import type { Asked } from './VaultFilter';
import { NOTHING, VaultFilter, fits } from './VaultFilter';
import { text } from './text';

const useStyles = makeStyles({
  none: { padding: '24px 8px', display: 'flex', alignItems: 'center', gap: '12px' },
});

export default function Vaults() {
  const styles = useStyles();
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const [, go] = useLocation();
  const subscription = useSubscription();
  const vaults = useQuery(vaultsQuery);
  const columns = useColumns();
  const [asked, setAsked] = useState<Asked>(NOTHING);
  const all = vaults.data ?? [];
  const rows = all.filter((vault) => fits(vault, asked));
  const create = () => go('/vaults/create');
  return (
    <Page
      title={names.vaults}
      subtitle={subscription?.displayName}
      commands={
        <>
          <Command label={t.add} icon={AddRegular} onClick={create} />
          <Command
            label={terms.refresh}
            icon={ArrowClockwiseRegular}
            onClick={() => void vaults.refetch()}
          />
        </>
      }
    >
      {vaults.error && <Failure error={vaults.error} retry={() => void vaults.refetch()} />}
      {vaults.isPending && <Waiting />}
      {vaults.data && all.length === 0 && (
        <Empty
          icon={ArchiveRegular}
          title={t.none}
          body={t.noneBody}
          action={
            <Button appearance="primary" onClick={create}>
              {t.addFirst}
            </Button>
          }
        />
      )}
      {all.length > 0 && (
        <>
          <VaultFilter vaults={all} asked={asked} onAsk={setAsked} shown={rows.length} />
          <Table label={names.vaults} columns={columns} rows={rows} id={(vault) => vault.id} />
          {rows.length === 0 && (
            <div className={styles.none}>
              {t.noMatch}
              <Button size="small" onClick={() => setAsked(NOTHING)}>
                {t.clear}
              </Button>
            </div>
          )}
        </>
      )}
    </Page>
  );
}

function useColumns(): Column<Vault>[] {
  const t = useText(text);
  const terms = useTerms();
  const { data: locations } = useQuery(locationsQuery);
  const redundancy = (vault: Vault) =>
    word(terms.redundancy, vault.properties.redundancySettings.standardTierStorageRedundancy);
  return [
    {
      key: 'name',
      label: terms.name,
      width: 1.5,
      by: (vault) => vault.name,
      cell: (vault) => (
        <PageLink to={path.vault(groupOf(vault.id), vault.name)}>{vault.name}</PageLink>
      ),
    },
    {
      key: 'group',
      label: terms.group,
      by: (vault) => groupOf(vault.id),
      cell: (vault) => groupOf(vault.id),
    },
    {
      key: 'location',
      label: terms.location,
      width: 1.3,
      by: (vault) => vault.location,
      cell: (vault) => called(locations, vault.location),
    },
    { key: 'redundancy', label: t.redundancy, width: 1.1, by: redundancy, cell: redundancy },
    {
      key: 'softDelete',
      label: t.softDelete,
      by: (vault) => vault.properties.securitySettings.softDeleteSettings.softDeleteState,
      cell: (vault) =>
        word(
          terms.softDelete,
          vault.properties.securitySettings.softDeleteSettings.softDeleteState,
        ),
    },
    { key: 'tags', label: t.tags, cell: (vault) => <TagBadges tags={vault.tags} /> },
  ];
}
