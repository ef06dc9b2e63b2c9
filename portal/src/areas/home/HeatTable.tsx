/** The heat map in words: a row for each machine. */
import type { HeatRow } from '../../api/heatMap';
import { path } from '../../frame/paths';
import { PageLink } from '../../parts/PageLink';
import type { Column } from '../../parts/Table';
import { Table } from '../../parts/Table';
import { useNumbers } from '../../text/numbers';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { bestOf, sum } from './heat';
import { text } from './text';

export default function HeatTable(props: {
  rows: HeatRow[];
  more?: () => void;
  isLoading?: boolean;
}) {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const { count } = useNumbers();
  const best = (row: HeatRow) => {
    const { newest } = sum(row);
    return newest && bestOf(newest);
  };
  const columns: Column<HeatRow>[] = [
    {
      key: 'name',
      label: terms.machine,
      cell: (row) => <PageLink to={path.item(row.id)}>{row.name}</PageLink>,
      by: (row) => row.name,
      width: 2,
    },
    { key: 'vault', label: terms.vault, cell: (row) => row.vaultName, by: (row) => row.vaultName },
    {
      key: 'newest',
      label: t.newest,
      cell: (row) => time.dayUtc(sum(row).newest?.date),
      by: (row) => sum(row).newest?.date ?? '',
    },
    {
      key: 'consistency',
      label: t.consistencies,
      cell: (row) => {
        const found = best(row);
        return found ? terms.consistency[found.consistency] : '–';
      },
    },
    {
      key: 'tier',
      label: t.tiers,
      cell: (row) => {
        const found = best(row);
        return found ? terms.tier[found.tier] : '–';
      },
    },
    {
      key: 'with',
      label: t.daysWith,
      cell: (row) => count(sum(row).with),
      by: (row) => sum(row).with,
      isNumber: true,
    },
    {
      key: 'without',
      label: t.daysWithout,
      cell: (row) => count(sum(row).without),
      by: (row) => sum(row).without,
      isNumber: true,
    },
    {
      key: 'failed',
      label: t.daysFailed,
      cell: (row) => count(sum(row).failed),
      by: (row) => sum(row).failed,
      isNumber: true,
    },
  ];
  return (
    <Table
      label={t.map}
      columns={columns}
      rows={props.rows}
      id={(row) => row.id}
      more={props.more}
      isLoading={props.isLoading}
    />
  );
}
