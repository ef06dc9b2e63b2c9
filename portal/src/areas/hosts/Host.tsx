/** A host: whether it answers, how it is reached, and where its snapshots are. */
import { Subtitle2, makeStyles } from '@fluentui/react-components';
import {
  ArrowClockwiseRegular,
  ArrowResetRegular,
  DeleteRegular,
  EditRegular,
} from '@fluentui/react-icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation, useParams } from 'wouter';
import {
  HOSTS,
  HOST_ACTION,
  hostQuery,
  removeHost,
  resetStore,
  snapshotStoreQuery,
  storePath,
} from '../../api/hosts';
import type { Host as OneHost, SnapshotStore } from '../../api/hosts';
import { overviewQuery } from '../../api/overview';
import { text as frame } from '../../frame/text';
import { TOUCHED } from '../../frame/touched';
import { Command } from '../../parts/Command';
import { quoted } from '../../parts/Equal';
import { Facts } from '../../parts/Facts';
import { Failure } from '../../parts/Failure';
import { FormPanel } from '../../parts/FormPanel';
import { Fullness } from '../../parts/Fullness';
import { Page } from '../../parts/Page';
import { PageLink } from '../../parts/PageLink';
import { Waiting } from '../../parts/Waiting';
import { useNumbers } from '../../text/numbers';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { ChangeStore } from './ChangeStore';
import { HostStatus } from './HostStatus';
import { text } from './text';

const useStyles = makeStyles({
  title: { margin: '16px 0 4px' },
  why: { margin: '0 0 8px' },
});

type Pane = 'store' | 'reset' | 'remove';

export default function Host() {
  const { host: name = '' } = useParams<{ host: string }>();
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const client = useQueryClient();
  const host = useQuery(hostQuery(name));
  const store = useQuery(snapshotStoreQuery(name));
  const [pane, setPane] = useState<Pane>();
  const of = host.data;
  const close = () => setPane(undefined);
  return (
    <Page
      title={name}
      subtitle={terms.host}
      crumbs={[{ label: names.hosts, path: '/hosts' }]}
      commands={
        <>
          <Command
            label={t.changeStore}
            icon={EditRegular}
            onClick={() => setPane('store')}
            needs={of && { action: HOST_ACTION.store, on: of.id }}
          />
          <Command
            label={t.reset}
            icon={ArrowResetRegular}
            onClick={() => setPane('reset')}
            needs={of && { action: HOST_ACTION.storeReset, on: of.id }}
          />
          <Command
            label={t.remove}
            icon={DeleteRegular}
            onClick={() => setPane('remove')}
            needs={of && { action: HOST_ACTION.delete, on: of.id }}
          />
          <Command
            label={terms.refresh}
            icon={ArrowClockwiseRegular}
            onClick={() => void client.invalidateQueries({ queryKey: [HOSTS] })}
          />
        </>
      }
    >
      {host.error && <Failure error={host.error} retry={() => void host.refetch()} />}
      {host.isPending && <Waiting />}
      {of && <Essentials host={of} />}
      {of && store.error && <Failure error={store.error} retry={() => void store.refetch()} />}
      {of && store.data && <Store host={of} store={store.data} />}
      {of && store.data && pane === 'store' && (
        <ChangeStore host={of} store={store.data} onClose={close} />
      )}
      {of && pane === 'reset' && <ResetStore host={of} onClose={close} />}
      {of && pane === 'remove' && <RemoveHost host={of} onClose={close} />}
    </Page>
  );
}

function Essentials({ host }: { host: OneHost }) {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const names = useText(frame);
  const { properties } = host;
  const others = Object.entries(properties.machineGroups);
  return (
    <Facts
      of={[
        [terms.status, <HostStatus key="status" host={host} />],
        [t.seen, time.second(properties.seen)],
        [t.connection, properties.connection],
        [terms.location, host.location],
        [t.groupOfMachines, properties.group],
        [
          names.machines,
          <PageLink key="machines" to={`/machines?host=${encodeURIComponent(host.name)}`}>
            {t.machines}
          </PageLink>,
        ],
        [
          t.machineGroups,
          others.length ? others.map(([uuid, group]) => `${uuid}: ${group}`).join(', ') : undefined,
        ],
      ]}
    />
  );
}

function Store({ host, store }: { host: OneHost; store: SnapshotStore }) {
  const styles = useStyles();
  const t = useText(text);
  const { bytes, percent } = useNumbers();
  const overview = useQuery(overviewQuery);
  const place = overview.data?.storage.places.find(
    (one) => one.kind === 'SnapshotStore' && one.name === host.name,
  );
  const { folder, scratchLimit, scratchKeepFree } = store.properties;
  return (
    <section>
      <Subtitle2 as="h2" block className={styles.title}>
        {t.store}
      </Subtitle2>
      <p className={styles.why}>{t.storeWhy}</p>
      <Facts
        isSingle
        of={[
          [t.folder, folder],
          [
            t.space,
            place && <Fullness key="space" free={place.freeBytes} total={place.totalBytes} />,
          ],
          [t.scratchLimit, scratchLimit ? bytes(scratchLimit) : t.asDisksSuggest],
          [t.keepFree, scratchKeepFree ? percent(scratchKeepFree / 100) : '–'],
        ]}
      />
    </section>
  );
}

function ResetStore({ host, onClose }: { host: OneHost; onClose: () => void }) {
  const t = useText(text);
  return (
    <FormPanel
      title={t.resetTitle(host.name)}
      label={t.reset}
      told={{
        begun: t.changing(host.name),
        done: t.changed(host.name),
        failed: t.notChanged(host.name),
      }}
      work={() => resetStore(host)}
      touches={TOUCHED.host}
      needs={{ action: HOST_ACTION.storeReset, on: host.id }}
      equal={{
        stillpoint: `stillpoint snapshot-store reset ${quoted(host.name)}`,
        rest: { method: 'DELETE', path: storePath(host.id) },
      }}
      onClose={onClose}
    >
      {t.resetWhy}
    </FormPanel>
  );
}

function RemoveHost({ host, onClose }: { host: OneHost; onClose: () => void }) {
  const t = useText(text);
  const [, go] = useLocation();
  const client = useQueryClient();
  const work = async () => {
    await removeHost(host);
    go('/hosts');
    client.removeQueries({ queryKey: hostQuery(host.name).queryKey });
  };
  return (
    <FormPanel
      title={t.removeTitle(host.name)}
      label={t.remove}
      told={{
        begun: t.removing(host.name),
        done: t.removed(host.name),
        failed: t.notRemoved(host.name),
      }}
      work={work}
      touches={TOUCHED.host}
      needs={{ action: HOST_ACTION.delete, on: host.id }}
      equal={{
        stillpoint: `stillpoint host remove ${quoted(host.name)}`,
        rest: { method: 'DELETE', path: host.id },
      }}
      onClose={onClose}
    >
      {t.removeWhy}
    </FormPanel>
  );
}
