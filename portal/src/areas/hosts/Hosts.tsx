/** Hosts: where machines run. */
import { Button } from '@fluentui/react-components';
import { AddRegular, ArrowClockwiseRegular, ServerRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { HOSTS, HOST_ACTION } from '../../api/hosts';
import type { Host } from '../../api/hosts';
import { called, locationsQuery } from '../../api/locations';
import { usePaged } from '../../api/paged';
import { useSubscription } from '../../api/subscription';
import { path } from '../../frame/paths';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Empty } from '../../parts/Empty';
import { Page } from '../../parts/Page';
import { PageLink } from '../../parts/PageLink';
import { PagedTable } from '../../parts/PagedTable';
import type { Column } from '../../parts/Table';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { AddHost } from './AddHost';
import { HostStatus } from './HostStatus';
import { text } from './text';

export default function Hosts() {
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const subscription = useSubscription();
  const at = subscription && `${subscription.id}/providers/Stillpoint.Fabric/hosts`;
  const hosts = usePaged<Host>([HOSTS], at, 15_000);
  const columns = useColumns();
  const [isAdding, setIsAdding] = useState(false);
  const needs = subscription && { action: HOST_ACTION.write, on: subscription.id };
  const add = () => setIsAdding(true);
  return (
    <Page
      title={names.hosts}
      commands={
        <>
          <Command label={t.add} icon={AddRegular} onClick={add} needs={needs} />
          <Command label={terms.refresh} icon={ArrowClockwiseRegular} onClick={hosts.refetch} />
        </>
      }
    >
      <PagedTable
        list={hosts}
        label={names.hosts}
        columns={columns}
        id={(host) => host.id}
        empty={
          <Empty
            icon={ServerRegular}
            title={t.none}
            body={t.noneBody}
            action={
              <Button appearance="primary" onClick={add}>
                {t.add}
              </Button>
            }
          />
        }
      />
      {isAdding && <AddHost taken={hosts.rows} onClose={() => setIsAdding(false)} />}
    </Page>
  );
}

function useColumns(): Column<Host>[] {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const { data: locations } = useQuery(locationsQuery);
  return [
    {
      key: 'name',
      label: terms.name,
      by: (host) => host.name,
      cell: (host) => <PageLink to={path.host(host.name)}>{host.name}</PageLink>,
    },
    { key: 'status', label: terms.status, cell: (host) => <HostStatus host={host} /> },
    { key: 'seen', label: t.seen, cell: (host) => time.moment(host.properties.seen) },
    {
      key: 'connection',
      label: t.connection,
      width: 1.4,
      cell: (host) => host.properties.connection,
    },
    { key: 'group', label: t.groupOfMachines, cell: (host) => host.properties.group },
    {
      key: 'location',
      label: terms.location,
      cell: (host) => called(locations, host.location),
    },
  ];
}
