/** Adds a host. */
import { Field, Input, Radio, RadioGroup } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { groupsQuery } from '../../api/groups';
import { HOST_ACTION, hostBody, putHost } from '../../api/hosts';
import type { Host } from '../../api/hosts';
import { called, locationsQuery } from '../../api/locations';
import { useSubscription } from '../../api/subscription';
import { path } from '../../frame/paths';
import { TOUCHED } from '../../frame/touched';
import { Choice } from '../../parts/Choice';
import { quoted } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

type Kind = 'libvirt' | 'qmp' | 'other';

/** The connection's URI, as the fields say it. */
const uriOf = (kind: Kind, said: string) =>
  kind === 'libvirt' ? 'qemu:///system' : kind === 'qmp' ? `qmp://${said}` : said;

export function AddHost({ taken, onClose }: { taken: readonly Host[]; onClose: () => void }) {
  const t = useText(text);
  const terms = useTerms();
  const subscription = useSubscription();
  const groups = useQuery(groupsQuery).data?.filter((group) => !group.managedBy);
  const locations = useQuery(locationsQuery).data;
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Kind>('libvirt');
  const [said, setSaid] = useState('');
  const [chosenGroup, setGroup] = useState<string>();
  const [chosenLocation, setLocation] = useState<string>();
  const group = chosenGroup ?? groups?.[0]?.name ?? '';
  const location = chosenLocation ?? groups?.find((g) => g.name === group)?.location ?? '';

  const wrongName = !/^[\w.-]{1,64}$/.test(name)
    ? t.nameWrong
    : taken.some((host) => host.name.toLowerCase() === name.toLowerCase())
      ? t.nameTaken
      : undefined;
  const wrongUri =
    kind === 'qmp' && !said.startsWith('/')
      ? t.folderWrong
      : kind === 'other' && !/^[\w+]+:\/\/.*\/./.test(said)
        ? t.uriWrong
        : undefined;
  const body = hostBody(location, uriOf(kind, said), group);
  const at = `${subscription?.id ?? ''}/providers/Stillpoint.Fabric/hosts`;
  const work = async () => {
    const host = await putHost(name, body);
    return { body: t.noMachinesYet, to: { path: path.host(host.name), label: host.name } };
  };
  return (
    <FormPanel
      title={t.add}
      label={t.add}
      told={{ begun: t.adding(name), done: t.added(name), failed: t.notAdded(name) }}
      work={work}
      touches={TOUCHED.host}
      needs={{ action: HOST_ACTION.write, on: at }}
      refused={wrongName ?? wrongUri}
      equal={{
        stillpoint: `stillpoint host add ${quoted(name || 'NAME')} --connection ${quoted(uriOf(kind, said))} -g ${quoted(group)}`,
        rest: { method: 'PUT', path: `${at}/${name || 'NAME'}`, body },
      }}
      onClose={onClose}
    >
      <Field
        label={terms.name}
        hint={t.nameHint}
        required
        validationMessage={name ? wrongName : undefined}
      >
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label={t.kind} required>
        <RadioGroup value={kind} onChange={(_, { value }) => setKind(value as Kind)}>
          <Radio value="libvirt" label={t.libvirt} />
          <Radio value="qmp" label={t.qmp} />
          <Radio value="other" label={t.other} />
        </RadioGroup>
      </Field>
      {kind !== 'libvirt' && (
        <Field
          label={kind === 'qmp' ? t.folder : t.uri}
          hint={kind === 'qmp' ? t.folderHint : t.uriHint}
          required
          validationMessage={said ? wrongUri : undefined}
        >
          <Input value={said} onChange={(_, { value }) => setSaid(value)} />
        </Field>
      )}
      <Choice
        label={t.groupOfMachines}
        value={group}
        onChange={setGroup}
        options={(groups ?? []).map(({ name }) => ({ id: name, name }))}
      />
      <Choice
        label={terms.location}
        value={location}
        onChange={setLocation}
        options={(locations ?? []).map(({ name }) => ({ id: name, name: called(locations, name) }))}
      />
    </FormPanel>
  );
}
