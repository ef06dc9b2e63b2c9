/** Adds a folder that disks are restored into. */
import { Field, Input } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { groupsQuery } from '../../api/groups';
import { hostsQuery } from '../../api/hosts';
import { STORAGE_ACTION, folderPath, put } from '../../api/storage';
import { TOUCHED } from '../../frame/touched';
import { Choice } from '../../parts/Choice';
import { quoted } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

export function AddFolder(props: { subscription: string; onClose: () => void }) {
  const t = useText(text);
  const terms = useTerms();
  const groups = useQuery(groupsQuery).data?.filter((group) => !group.managedBy) ?? [];
  const hosts = useQuery(hostsQuery).data ?? [];
  const [name, setName] = useState('');
  const [folder, setFolder] = useState('');
  const [chosenGroup, setGroup] = useState<string>();
  const [chosenHost, setHost] = useState<string>();
  const group = groups.find((one) => one.name === chosenGroup) ?? groups[0];
  const host = chosenHost ?? hosts[0]?.name ?? '';
  const wrongName = /^[a-z0-9]{3,24}$/.test(name) ? undefined : t.accountName;
  const wrongFolder = folder.startsWith('/') ? undefined : t.folderWrong;
  const body = { properties: { folder, host } };
  const at = (name: string) => folderPath(group?.id ?? props.subscription, name);
  return (
    <FormPanel
      title={t.addFolder}
      label={t.addFolder}
      told={{ begun: t.adding(name), done: t.added(name), failed: t.notAdded(name) }}
      work={() => put(at(name), body)}
      touches={TOUCHED.folder}
      needs={{ action: STORAGE_ACTION.folderWrite, on: group?.id ?? props.subscription }}
      refused={wrongName ?? wrongFolder}
      equal={{
        stillpoint: `stillpoint restore-folder add ${quoted(name || 'NAME')} --folder ${quoted(folder || 'FOLDER')} --host ${quoted(host)} -g ${quoted(group?.name ?? '')}`,
        rest: { method: 'PUT', path: at(name || 'NAME'), body },
      }}
      onClose={props.onClose}
    >
      <Field
        label={terms.name}
        hint={t.accountName}
        required
        validationMessage={name ? wrongName : undefined}
      >
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
        label={terms.host}
        value={host}
        onChange={setHost}
        options={hosts.map(({ name }) => ({ id: name, name }))}
      />
      <Choice
        label={terms.group}
        value={group?.name ?? ''}
        onChange={setGroup}
        options={groups.map(({ name }) => ({ id: name, name }))}
      />
    </FormPanel>
  );
}
