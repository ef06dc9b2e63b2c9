/** Adds a vault pool. */
import { Field, Input } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { called, locationsQuery } from '../../api/locations';
import { STORAGE_ACTION, poolPath, put } from '../../api/storage';
import { TOUCHED } from '../../frame/touched';
import { Choice } from '../../parts/Choice';
import { quoted } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

export function AddPool({ subscription, onClose }: { subscription: string; onClose: () => void }) {
  const t = useText(text);
  const terms = useTerms();
  const locations = useQuery(locationsQuery).data;
  const [name, setName] = useState('');
  const [folder, setFolder] = useState('');
  const [chosen, setChosen] = useState<string>();
  const location = chosen ?? locations?.[0]?.name ?? '';
  const wrongName = /^[\w.-]{1,64}$/.test(name) ? undefined : t.poolName;
  const wrongFolder = folder.startsWith('/') ? undefined : t.folderWrong;
  const body = { location, properties: { folder } };
  return (
    <FormPanel
      title={t.addPool}
      label={t.addPool}
      told={{ begun: t.adding(name), done: t.added(name), failed: t.notAdded(name) }}
      work={() => put(poolPath(subscription, name), body)}
      touches={TOUCHED.pool}
      needs={{ action: STORAGE_ACTION.poolWrite, on: subscription }}
      refused={wrongName ?? wrongFolder}
      equal={{
        stillpoint: `stillpoint pool add ${quoted(name || 'NAME')} --folder ${quoted(folder || 'FOLDER')} --location ${quoted(location)}`,
        rest: { method: 'PUT', path: poolPath(subscription, name || 'NAME'), body },
      }}
      onClose={onClose}
    >
      <Field label={terms.name} required validationMessage={name ? wrongName : undefined}>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field
        label={t.folder}
        hint={t.folderHint}
        required
        validationMessage={folder ? wrongFolder : undefined}
      >
        <Input value={folder} onChange={(_, { value }) => setFolder(value)} />
      </Field>
      <Choice
        label={terms.location}
        value={location}
        onChange={setChosen}
        options={(locations ?? []).map(({ name }) => ({ id: name, name: called(locations, name) }))}
      />
    </FormPanel>
  );
}
