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
import { dayAt, sum, tierOf } from './heat';
import { text } from './text';

export function HeatTable(props: { rows: HeatRow[]; more?: () => void; isLoading?: boolean }) {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const { count } = useNumbers();
  const newest = (row: HeatRow) => row.days[sum(row).newest ?? -1];
  const day = (row: HeatRow) => {
    const at = sum(row).newest;
    return at === undefined ? '–' : time.dayUtc(dayAt(at, row.days.length));
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
    { key: 'newest', label: t.newest, cell: day, by: (row) => sum(row).newest ?? -1 },
    {
      key: 'consistency',
      label: t.consistencies,
      cell: (row) => {
        const last = newest(row);
        return last ? terms.consistency[last.consistency] : '–';
      },
    },
    {
      key: 'tier',
      label: t.tiers,
      cell: (row) => {
        const last = newest(row);
        return last ? terms.tier[tierOf(last)] : '–';
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
