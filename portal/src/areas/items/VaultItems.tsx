/** A vault's backup items: first by kind, then the list (PORTAL-10, 11). */
import { Button } from '@fluentui/react-components';
import {
  AddRegular,
  ArrowClockwiseRegular,
  DesktopRegular,
  ShieldCheckmarkRegular,
} from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { ITEM_ACTION, allItemsPath, itemCountQuery, itemsPath } from '../../api/items';
import type { ItemFilter } from '../../api/items';
import { useSubscription } from '../../api/subscription';
import { useVaultId } from '../../api/useVaultId';
import { path } from '../../frame/paths';
import { Command } from '../../parts/Command';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { PageLink } from '../../parts/PageLink';
import { Table } from '../../parts/Table';
import { Waiting } from '../../parts/Waiting';
import { useNumbers } from '../../text/numbers';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { useActions } from '../item/Actions';
import { TOUCHED, useRefreshed } from '../../frame/touched';
import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';
import { ItemList } from './ItemList';
import { text } from './text';

/** How often a list is looked at again, in milliseconds. */
const EVERY = 15_000;

export default function VaultItems({ of, isList }: { of: VaultPlace; isList?: boolean }) {
  return isList ? <Listed of={of} /> : <Kinds of={of} />;
}

function Kinds({ of }: { of: VaultPlace }) {
  const t = useText(text);
  const terms = useTerms();
  const numbers = useNumbers();
  const count = useQuery({ ...itemCountQuery(of.group, of.vault), refetchInterval: EVERY });
  const kinds = [{ name: t.kindVm, count: count.data ?? 0 }];
  return (
    <VaultLayout
      of={of}
      section="items"
      commands={
        <Command
          label={terms.refresh}
          icon={ArrowClockwiseRegular}
          onClick={() => void count.refetch()}
        />
      }
    >
      {count.error && <Failure error={count.error} retry={() => void count.refetch()} />}
      {count.isPending && <Waiting />}
      {count.data !== undefined && (
        <Table
          label={t.allKinds}
          rows={kinds}
          id={(kind) => kind.name}
          columns={[
            {
              key: 'kind',
              label: t.kind,
              cell: (kind) => (
                <PageLink to={path.vault(of.group, of.vault, 'items/vm')}>{kind.name}</PageLink>
              ),
            },
            {
              key: 'count',
              label: t.count,
              cell: (kind) => (
                <PageLink to={path.vault(of.group, of.vault, 'items/vm')}>
                  {numbers.count(kind.count)}
                </PageLink>
              ),
            },
          ]}
        />
      )}
    </VaultLayout>
  );
}

function Listed({ of }: { of: VaultPlace }) {
  const t = useText(text);
  const terms = useTerms();
  const [, go] = useLocation();
  const vault = useVaultId(of.group, of.vault);
  const subscription = useSubscription()?.id;
  // Azure's own list knows no such filters, and does not say all that they go by.
  const pathOf = (filter: ItemFilter, isFiltered: boolean) =>
    isFiltered
      ? subscription && allItemsPath(subscription, { ...filter, vaultName: of.vault })
      : vault && itemsPath(vault);
  const refreshed = useRefreshed();
  const { begin, pane } = useActions();
  const protect = () => go(path.vault(of.group, of.vault, 'backup'));
  return (
    <VaultLayout
      of={of}
      section="items"
      title={t.kindVm}
      commands={
        <>
          <Command
            label={t.backup}
            icon={AddRegular}
            needs={vault === undefined ? undefined : { action: ITEM_ACTION.write, on: vault }}
            onClick={protect}
          />
          <Command
            label={terms.refresh}
            icon={ArrowClockwiseRegular}
            onClick={() => void refreshed(TOUCHED.item)}
          />
        </>
      }
    >
      <ItemList
        pathOf={pathOf}
        begin={begin}
        empty={
          <Empty
            icon={ShieldCheckmarkRegular}
            title={t.noneHere}
            body={t.noneBody}
            action={
              <Button appearance="primary" icon={<DesktopRegular />} onClick={protect}>
                {t.backup}
              </Button>
            }
          />
        }
      />
      {pane}
    </VaultLayout>
  );
}
