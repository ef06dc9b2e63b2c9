/** All machines, with their protection (PORTAL-1, 25; VAULT-12). Filters are in the page's address. */
import { Button, Dropdown, Option, SearchBox, makeStyles } from '@fluentui/react-components';
import { ArrowClockwiseRegular, DesktopRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { hostsQuery } from '../../api/hosts';
import { called, locationsQuery } from '../../api/locations';
import { MACHINES, machinesPath } from '../../api/machines';
import type { MachineRow } from '../../api/machines';
import { usePaged } from '../../api/paged';
import { useSubscription } from '../../api/subscription';
import { Command } from '../../parts/Command';
import { Empty } from '../../parts/Empty';
import { Page } from '../../parts/Page';
import { PagedTable } from '../../parts/PagedTable';
import { useAddress } from '../../parts/useAddress';
import { useStill } from '../../parts/useStill';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { useActionsOfMachines } from './useActionsOfMachines';
import { useMachineColumns } from './useMachineColumns';
import { text } from './text';

const useStyles = makeStyles({
  filters: { display: 'flex', flexWrap: 'wrap', gap: '8px', margin: '0 0 12px' },
  search: { width: '280px', maxWidth: '100%' },
  filter: { minWidth: '180px' },
});

/** How long a list stays before it is looked at again, in milliseconds. */
const EVERY = 15_000;

/** Standings are asked for along with protection: both say what somebody may have to do. */
const STANDINGS = ['Conflict', 'Gone'] as const;
const PROTECTIONS = ['Unprotected', 'Active', 'IRPending', 'ProtectionError', 'Stopped'] as const;

const FILTERS = ['name', 'protection', 'host', 'location'] as const;
type FilterName = (typeof FILTERS)[number];

function useFilters() {
  const { get, set, clear } = useAddress<FilterName>();
  return { get, set, has: FILTERS.some((f) => get(f)), clear };
}

export default function Machines() {
  const t = useText(text);
  const terms = useTerms();
  const filters = useFilters();
  const subscription = useSubscription()?.id;
  const protection = filters.get('protection');
  const isStanding = STANDINGS.some((s) => s === protection);
  const name = useStill(filters.get('name').trim());
  const path =
    subscription &&
    machinesPath(subscription, {
      nameContains: name,
      protection: isStanding ? '' : protection,
      standing: isStanding ? protection : '',
      host: filters.get('host'),
      location: filters.get('location'),
    });
  const list = usePaged<MachineRow>([MACHINES, 'list'], path, EVERY);
  const { actionsOf, pane } = useActionsOfMachines();
  const columns = useMachineColumns(actionsOf);
  return (
    <Page
      title={t.title}
      commands={
        <Command label={terms.refresh} icon={ArrowClockwiseRegular} onClick={list.refetch} />
      }
    >
      <Filters filters={filters} />
      <PagedTable
        list={list}
        label={t.title}
        columns={columns}
        id={(m) => m.id}
        empty={<None filters={filters} />}
      />
      {pane}
    </Page>
  );
}

function Filters({ filters }: { filters: ReturnType<typeof useFilters> }) {
  const styles = useStyles();
  const t = useText(text);
  const hosts = useQuery(hostsQuery).data ?? [];
  const locations = useQuery(locationsQuery).data ?? [];
  const protections = [...PROTECTIONS, ...STANDINGS];
  return (
    <div className={styles.filters}>
      <SearchBox
        className={styles.search}
        placeholder={t.search}
        aria-label={t.search}
        value={filters.get('name')}
        onChange={(_, { value }) => filters.set({ name: value })}
      />
      <Choice
        all={t.anyProtection}
        value={filters.get('protection')}
        options={protections.map((p) => [p, t.protections[p]])}
        onChange={(value) => filters.set({ protection: value })}
      />
      <Choice
        all={t.anyHost}
        value={filters.get('host')}
        options={hosts.map((h) => [h.name, h.name])}
        onChange={(value) => filters.set({ host: value })}
      />
      <Choice
        all={t.anyLocation}
        value={filters.get('location')}
        options={locations.map((l) => [l.name, called(locations, l.name)])}
        onChange={(value) => filters.set({ location: value })}
      />
    </div>
  );
}

function Choice(props: {
  /** What stands where nothing is chosen. */
  all: string;
  value: string;
  options: [value: string, label: string][];
  onChange: (value: string) => void;
}) {
  const styles = useStyles();
  const found = props.options.find(([value]) => value === props.value);
  return (
    <Dropdown
      className={styles.filter}
      aria-label={props.all}
      value={found?.[1] ?? (props.value || props.all)}
      selectedOptions={[props.value]}
      onOptionSelect={(_, { optionValue }) => props.onChange(optionValue ?? '')}
    >
      <Option value="">{props.all}</Option>
      {props.options.map(([value, label]) => (
        <Option key={value} value={value}>
          {label}
        </Option>
      ))}
    </Dropdown>
  );
}

function None({ filters }: { filters: ReturnType<typeof useFilters> }) {
  const t = useText(text);
  const [, go] = useLocation();
  return filters.has ? (
    <Empty
      icon={DesktopRegular}
      title={t.noMatchTitle}
      body={t.noMatchBody}
      action={<Button onClick={filters.clear}>{t.clear}</Button>}
    />
  ) : (
    <Empty
      icon={DesktopRegular}
      title={t.noneTitle}
      body={t.noneBody}
      action={
        <Button appearance="primary" onClick={() => go('/hosts')}>
          {t.toHosts}
        </Button>
      }
    />
  );
}
