/** Makes a resource group. */
import { Field, Input } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { GROUP_ACTION, createGroup } from '../../api/groups';
import type { Group } from '../../api/groups';
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

const GOOD = /^[\p{L}\p{N}\-_.()]{0,89}[\p{L}\p{N}\-_()]$/u;

export function CreateGroup({ taken, onClose }: { taken: readonly Group[]; onClose: () => void }) {
  const t = useText(text);
  const terms = useTerms();
  const subscription = useSubscription()?.id ?? '';
  const locations = useQuery(locationsQuery).data;
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<string>();
  const location = chosen ?? locations?.[0]?.name ?? '';
  const isTaken = taken.some((group) => group.name.toLowerCase() === name.toLowerCase());
  const wrong = !GOOD.test(name) ? t.nameWrong : isTaken ? t.nameTaken : undefined;
  const work = async () => {
    await createGroup(name, location);
    return { to: { path: path.group(name), label: name } };
  };
  return (
    <FormPanel
      title={t.create}
      label={terms.create}
      told={{ begun: t.creating(name), done: t.created(name), failed: t.notCreated(name) }}
      work={work}
      touches={TOUCHED.group}
      needs={{ action: GROUP_ACTION.write, on: subscription }}
      refused={wrong}
      equal={{
        az: `az group create -n ${quoted(name || 'NAME')} -l ${quoted(location)}`,
        rest: {
          method: 'PUT',
          path: `${subscription}/resourceGroups/${name || 'NAME'}`,
          body: { location },
        },
      }}
      onClose={onClose}
    >
      <Field label={terms.name} required validationMessage={name ? wrong : undefined}>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
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
