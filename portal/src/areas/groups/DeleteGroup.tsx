/** Deletes a resource group, once its name is typed. */
import { Field, Input } from '@fluentui/react-components';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { link } from '../../api/client';
import { GROUP_ACTION } from '../../api/groups';
import { nameOf } from '../../api/ids';
import { ended } from '../../api/operations';
import { TOUCHED } from '../../frame/touched';
import { quoted } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useText } from '../../text/text';
import { text } from './text';

export function DeleteGroup({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useText(text);
  const [, go] = useLocation();
  const [typed, setTyped] = useState('');
  const name = nameOf(id);
  const work = async () => {
    await ended((await link(id, { method: 'DELETE' })).response);
    go('/groups');
  };
  return (
    <FormPanel
      title={t.removeTitle(name)}
      label={t.remove}
      told={{ begun: t.removing(name), done: t.removed(name), failed: t.notRemoved(name) }}
      work={work}
      touches={TOUCHED.group}
      needs={{ action: GROUP_ACTION.delete, on: id }}
      refused={typed === name ? undefined : t.removeType(name)}
      equal={{
        az: `az group delete -n ${quoted(name)} --yes`,
        rest: { method: 'DELETE', path: id },
      }}
      onClose={onClose}
    >
      {t.removeWhy}
      <Field
        label={t.removeType(name)}
        required
        validationMessage={typed && !name.startsWith(typed) ? t.removeMismatch : undefined}
      >
        <Input value={typed} onChange={(_, { value }) => setTyped(value)} />
      </Field>
    </FormPanel>
  );
}
