/** The columns of the list of machines. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { groupOf } from '../../api/ids';
import type { MachineRow } from '../../api/machines';
import { path } from '../../frame/paths';
import { PageLink } from '../../parts/PageLink';
import { RowMenu } from '../../parts/RowMenu';
import type { RowAction } from '../../parts/RowMenu';
import { Status } from '../../parts/Status';
import type { Column } from '../../parts/Table';
import { toneOf, useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { text } from './text';

const useStyles = makeStyles({
  small: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

export function useMachineColumns(
  actionsOf: (machine: MachineRow) => RowAction[],
): Column<MachineRow>[] {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  return [
    {
      key: 'name',
      label: terms.name,
      by: (m) => m.name,
      width: 1.1,
      cell: ({ name, properties: p }) => (
        <div>
          <PageLink to={path.machine(p.resourceGroup, name)}>{name}</PageLink>
          <div className={styles.small}>{p.resourceGroup}</div>
        </div>
      ),
    },
    {
      key: 'protection',
      label: t.protection,
      by: (m) => m.properties.protection.state,
      width: 1.6,
      cell: ({ properties: { protection } }) => (
        <Status tone={toneOf(protection.state)}>{word(terms.protection, protection.state)}</Status>
      ),
    },
    {
      key: 'vault',
      label: terms.vault,
      by: (m) => m.properties.protection.vaultName ?? '',
      cell: ({ properties: { protection: p } }) =>
        p.vaultId && p.vaultName ? (
          <PageLink to={path.vault(groupOf(p.vaultId), p.vaultName)}>{p.vaultName}</PageLink>
        ) : (
          '–'
        ),
    },
    {
      key: 'newest',
      label: t.newest,
      by: (m) => m.properties.protection.newestPoint ?? '',
      width: 1.3,
      cell: (m) => time.moment(m.properties.protection.newestPoint),
    },
    {
      key: 'host',
      label: terms.host,
      by: (m) => m.properties.host ?? '',
      width: 0.8,
      cell: ({ properties: p }) =>
        p.host ? <PageLink to={path.host(p.host)}>{p.host}</PageLink> : '–',
    },
    {
      key: 'standing',
      label: t.standing,
      by: (m) => m.properties.powerState,
      cell: (m) => <Standing of={m} />,
    },
    {
      key: 'location',
      label: terms.location,
      by: (m) => m.location,
      width: 0.8,
      cell: (m) => m.location,
    },
    {
      key: 'more',
      label: terms.more,
      isLabelHidden: true,
      width: '48px',
      cell: (m) => <RowMenu of={m.name} actions={actionsOf(m)} />,
    },
  ];
}

/** Whether it runs, or why nobody can tell. */
export function Standing({ of: { properties: p } }: { of: MachineRow }) {
  const t = useText(text);
  if (p.standing === 'Gone') return <Status tone="warning">{t.gone}</Status>;
  if (p.standing === 'Conflict') return <Status tone="bad">{t.conflict}</Status>;
  return (
    <Status tone={p.powerState === 'Running' ? 'good' : 'off'}>{t.powers[p.powerState]}</Status>
  );
}
