/** The cost of a period by vault and by machine. */
import { Text } from '@fluentui/react-components';
import { useMemo } from 'react';
import type { Cost, CostItem } from '../../api/costs';
import { groupOf } from '../../api/ids';
import { path } from '../../frame/paths';
import { PageLink } from '../../parts/PageLink';
import { Part } from '../../parts/Part';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { useNumbers } from '../../text/numbers';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { useMoney } from './money';
import { text } from './text';

/** An item and where it is. */
interface Row extends CostItem {
  vault: string;
  currency: string;
}

export function CostTables({ costs }: { costs: Cost[] }) {
  const t = useText(text);
  const rows = useMemo(
    () =>
      costs.flatMap(({ name, properties }): Row[] =>
        properties.items.map((item) => ({
          ...item,
          vault: name,
          currency: properties.currency,
        })),
      ),
    [costs],
  );
  return (
    <>
      <Part title={t.vaults}>
        <Table label={t.vaults} columns={useVaultColumns()} rows={costs} id={(one) => one.id} />
      </Part>
      <Part title={t.machines} why={t.sizeWhy}>
        <Table label={t.machines} columns={useItemColumns()} rows={rows} id={(row) => row.id} />
        <Text block size={200}>
          {t.tiers}
        </Text>
      </Part>
    </>
  );
}

function useVaultColumns(): Column<Cost>[] {
  const t = useText(text);
  const terms = useTerms();
  const money = useMoney();
  const { count } = useNumbers();
  const amount = (one: Cost, key: 'instancesCost' | 'vaultCost' | 'snapshotsCost' | 'cost') =>
    money(one.properties[key], one.properties.currency);
  return [
    {
      key: 'name',
      label: terms.vault,
      width: 1.4,
      by: (one) => one.name,
      cell: (one) => <PageLink to={path.vault(groupOf(one.id), one.name)}>{one.name}</PageLink>,
    },
    {
      key: 'redundancy',
      label: t.redundancy,
      width: 1.4,
      cell: (one) => word(t.classes, one.properties.redundancy),
    },
    {
      key: 'machines',
      label: t.instances,
      isNumber: true,
      by: (one) => one.properties.items.length,
      cell: (one) => count(one.properties.items.length),
    },
    {
      key: 'instances',
      label: t.ofInstances,
      isNumber: true,
      cell: (one) => amount(one, 'instancesCost'),
    },
    { key: 'vault', label: t.ofVault, isNumber: true, cell: (one) => amount(one, 'vaultCost') },
    {
      key: 'snapshots',
      label: t.ofSnapshots,
      isNumber: true,
      cell: (one) => amount(one, 'snapshotsCost'),
    },
    {
      key: 'cost',
      label: t.cost,
      isNumber: true,
      by: (one) => one.properties.cost,
      cell: (one) => amount(one, 'cost'),
    },
  ];
}

function useItemColumns(): Column<Row>[] {
  const t = useText(text);
  const terms = useTerms();
  const money = useMoney();
  const { bytes, count } = useNumbers();
  return [
    {
      key: 'name',
      label: terms.machine,
      width: 1.4,
      by: (row) => row.friendlyName,
      cell: (row) => <PageLink to={path.item(row.id)}>{row.friendlyName}</PageLink>,
    },
    { key: 'vault', label: terms.vault, by: (row) => row.vault, cell: (row) => row.vault },
    {
      key: 'size',
      label: t.size,
      isNumber: true,
      by: (row) => row.dataBytes,
      cell: (row) => bytes(row.dataBytes),
    },
    {
      key: 'rate',
      label: t.rate,
      isNumber: true,
      by: (row) => row.instances,
      cell: (row) => count(row.instances),
    },
    {
      key: 'days',
      label: t.days,
      isNumber: true,
      by: (row) => row.days,
      cell: (row) => count(row.days),
    },
    {
      key: 'cost',
      label: t.cost,
      isNumber: true,
      by: (row) => row.cost,
      cell: (row) => money(row.cost, row.currency),
    },
  ];
}
