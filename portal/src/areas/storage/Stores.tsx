/** The snapshot store of each host; it is changed at its host. */
import { useQuery } from '@tanstack/react-query';
import { ServerRegular } from '@fluentui/react-icons';
import { HOSTS, hostsOf } from '../../api/hosts';
import type { Host } from '../../api/hosts';
import { overviewQuery } from '../../api/overview';
import { usePaged } from '../../api/paged';
import { path } from '../../frame/paths';
import { text as frame } from '../../frame/text';
import { Empty } from '../../parts/Empty';
import { Fullness } from '../../parts/Fullness';
import { PageLink } from '../../parts/PageLink';
import { PagedTable } from '../../parts/PagedTable';
import { Part } from '../../parts/Part';
import type { Column } from '../../parts/Table';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

export function Stores({ subscription }: { subscription: string }) {
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const hosts = usePaged<Host>([HOSTS], hostsOf(subscription));
  const places = useQuery(overviewQuery).data?.storage.places;
  const placeOf = (host: Host) =>
    places?.find((place) => place.kind === 'SnapshotStore' && place.name === host.name);
  const columns: Column<Host>[] = [
    {
      key: 'host',
      label: terms.host,
      cell: (host) => <PageLink to={path.host(host.name)}>{host.name}</PageLink>,
    },
    {
      key: 'folder',
      label: t.folder,
      width: 1.6,
      cell: (host) => host.properties.snapshotStore ?? '–',
    },
    {
      key: 'space',
      label: t.space,
      width: 1.6,
      cell: (host) => {
        const place = placeOf(host);
        return place ? <Fullness free={place.freeBytes} total={place.totalBytes} /> : '–';
      },
    },
  ];
  return (
    <Part title={t.stores} why={t.storesWhy}>
      <PagedTable
        list={hosts}
        label={t.stores}
        columns={columns}
        id={(host) => host.id}
        empty={
          <Empty
            icon={ServerRegular}
            title={names.hosts}
            action={<PageLink to="/hosts">{names.hosts}</PageLink>}
          />
        }
      />
    </Part>
  );
}
