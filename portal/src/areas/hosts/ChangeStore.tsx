/** Changes where a host's snapshots are, and how much scratch they may take. */
import { Field, Input } from '@fluentui/react-components';
import { useState } from 'react';
import { HOST_ACTION, putStore, storePath } from '../../api/hosts';
import type { Host, SnapshotStore, StoreBody } from '../../api/hosts';
import { TOUCHED } from '../../frame/touched';
import { quoted } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

const GIB = 2 ** 30;
/** The most scratch that may be said, in GiB. */
const MOST_GIB = 1_048_576;
const MOST_PERCENT = 95;

const isWithin = (said: string, most: number) => /^\d+$/.test(said) && Number(said) <= most;

export function ChangeStore(props: { host: Host; store: SnapshotStore; onClose: () => void }) {
  const { host, store } = props;
  const t = useText(text);
  const terms = useTerms();
  const before = {
    folder: store.properties.folder,
    limit: String(Math.round((store.properties.scratchLimit ?? 0) / GIB)),
    free: String(store.properties.scratchKeepFree ?? 0),
  };
  const [folder, setFolder] = useState(before.folder);
  const [limit, setLimit] = useState(before.limit);
  const [free, setFree] = useState(before.free);
  const wrong = {
    folder: folder.startsWith('/') ? undefined : t.folderWrong,
    limit: isWithin(limit, MOST_GIB) ? undefined : t.numberWrong(0, MOST_GIB),
    free: isWithin(free, MOST_PERCENT) ? undefined : t.numberWrong(0, MOST_PERCENT),
  };
  const isSame = folder === before.folder && limit === before.limit && free === before.free;
  const body: StoreBody = {
    properties: {
      ...(folder !== before.folder && { folder }),
      ...(limit !== before.limit && { scratchLimit: Number(limit) * GIB }),
      ...(free !== before.free && { scratchKeepFree: Number(free) }),
    },
  };
  const words = [
    folder !== before.folder && `--folder ${quoted(folder)}`,
    limit !== before.limit && `--limit ${limit === '0' ? '0' : `${limit}GiB`}`,
    free !== before.free && `--keep-free ${free}`,
  ].filter(Boolean);
  return (
    <FormPanel
      title={t.changeStore}
      label={terms.save}
      told={{
        begun: t.changing(host.name),
        done: t.changed(host.name),
        failed: t.notChanged(host.name),
      }}
      work={() => putStore(host, body)}
      touches={TOUCHED.host}
      needs={{ action: HOST_ACTION.store, on: host.id }}
      refused={wrong.folder ?? wrong.limit ?? wrong.free ?? (isSame ? t.nothingChanged : undefined)}
      equal={{
        stillpoint: ['stillpoint snapshot-store set', quoted(host.name), ...words].join(' '),
        rest: { method: 'PUT', path: storePath(host.id), body },
      }}
      onClose={props.onClose}
    >
      <Field label={t.folder} hint={t.storeFolderHint} validationMessage={wrong.folder}>
        <Input value={folder} onChange={(_, { value }) => setFolder(value)} />
      </Field>
      <Field label={t.limit} hint={t.limitHint} validationMessage={wrong.limit}>
        <Input
          inputMode="numeric"
          value={limit}
          onChange={(_, { value }) => setLimit(value.trim())}
        />
      </Field>
      <Field label={t.free} hint={t.freeHint} validationMessage={wrong.free}>
        <Input
          inputMode="numeric"
          value={free}
          onChange={(_, { value }) => setFree(value.trim())}
        />
      </Field>
    </FormPanel>
  );
}
