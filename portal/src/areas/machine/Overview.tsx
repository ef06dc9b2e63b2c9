/** What a machine is: where it runs, its disks, how it is protected. */
import { Subtitle1, makeStyles } from '@fluentui/react-components';
import { ArrowClockwiseRegular, ShieldCheckmarkRegular } from '@fluentui/react-icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { groupOf } from '../../api/ids';
import { MACHINES, machineQuery } from '../../api/machines';
import type { MachineRow, VirtualMachine } from '../../api/machines';
import { path } from '../../frame/paths';
import { Command } from '../../parts/Command';
import { Facts } from '../../parts/Facts';
import { Failure } from '../../parts/Failure';
import { PageLink } from '../../parts/PageLink';
import { Status } from '../../parts/Status';
import { Table } from '../../parts/Table';
import { Waiting } from '../../parts/Waiting';
import type { Column } from '../../parts/Table';
import { useNumbers } from '../../text/numbers';
import { toneOf, useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { Standing } from '../machines/useMachineColumns';
import { MachineLayout } from './MachineLayout';
import { text } from './text';

const useStyles = makeStyles({
  title: { display: 'block', margin: '16px 0 8px' },
  // As high as two disks.
  disks: { minHeight: '120px' },
});

export function Overview({ machine }: { machine: MachineRow }) {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const client = useQueryClient();
  const [, go] = useLocation();
  const group = machine.properties.resourceGroup;
  return (
    <MachineLayout
      group={group}
      name={machine.name}
      section=""
      commands={
        <>
          <Command
            label={t.backup}
            icon={ShieldCheckmarkRegular}
            onClick={() => go(path.machine(group, machine.name, 'backup'))}
          />
          <Command
            label={terms.refresh}
            icon={ArrowClockwiseRegular}
            onClick={() => void client.invalidateQueries({ queryKey: [MACHINES] })}
          />
        </>
      }
    >
      <About machine={machine} />
      <Subtitle1 as="h2" className={styles.title}>
        {t.disks}
      </Subtitle1>
      <div className={styles.disks}>
        <Disks group={group} name={machine.name} />
      </div>
    </MachineLayout>
  );
}

function About({ machine }: { machine: MachineRow }) {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const { properties: p } = machine;
  const { protection } = p;
  const tags = Object.entries(machine.tags ?? {}).map(([name, value]) => `${name}=${value}`);
  return (
    <Facts
      of={[
        [terms.group, p.resourceGroup],
        [terms.location, machine.location],
        [terms.host, p.host ? <PageLink to={path.host(p.host)}>{p.host}</PageLink> : '–'],
        [terms.status, <Standing key="standing" of={machine} />],
        [t.agent, p.guestAgent ? t.agents[p.guestAgent] : '–'],
        [t.seen, time.moment(p.seen)],
        [t.uuid, p.vmId],
        [t.tags, tags.length ? tags.join(', ') : terms.none],
        [
          t.protection,
          <PageLink key="protection" to={path.machine(p.resourceGroup, machine.name, 'backup')}>
            <Status tone={toneOf(protection.state)}>
              {word(terms.protection, protection.state)}
            </Status>
          </PageLink>,
        ],
        [
          terms.vault,
          protection.vaultId && protection.vaultName ? (
            <PageLink to={path.vault(groupOf(protection.vaultId), protection.vaultName)}>
              {protection.vaultName}
            </PageLink>
          ) : (
            '–'
          ),
        ],
      ]}
    />
  );
}

interface Disk {
  name: string;
  bytes: number;
  lun?: number;
}

function disksOf({ properties: { storageProfile: s } }: VirtualMachine): Disk[] {
  const size = (gigabytes: number) => gigabytes * 2 ** 30;
  return [
    ...(s.osDisk ? [{ name: s.osDisk.name, bytes: size(s.osDisk.diskSizeGB) }] : []),
    ...s.dataDisks.map((d) => ({ name: d.name, bytes: size(d.diskSizeGB), lun: d.lun })),
  ];
}

function Disks({ group, name }: { group: string; name: string }) {
  const t = useText(text);
  const { bytes } = useNumbers();
  const { data, error, refetch } = useQuery(machineQuery(group, name));
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  const columns: Column<Disk>[] = [
    { key: 'name', label: t.disk, cell: (d) => d.name },
    { key: 'kind', label: t.kind, cell: (d) => (d.lun === undefined ? t.osDisk : t.dataDisk) },
    { key: 'lun', label: t.lun, isNumber: true, cell: (d) => d.lun ?? '–' },
    { key: 'size', label: t.size, isNumber: true, cell: (d) => bytes(d.bytes) },
  ];
  return <Table label={t.disks} columns={columns} rows={disksOf(data)} id={(d) => d.name} />;
}
