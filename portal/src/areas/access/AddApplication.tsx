/** Adds an application, whose secret is shown once. */
import { Field, Input } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ACCESS_ACTION, applicationsPath, applicationsQuery, post } from '../../api/access';
import type { Application } from '../../api/access';
import { TOUCHED } from '../../frame/touched';
import { quoted } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useText } from '../../text/text';
import type { Secret } from './ShownOnce';
import { text } from './text';

export function AddApplication(props: {
  subscription: string;
  onSecret: (secret: Secret) => void;
  onClose: () => void;
}) {
  const { subscription } = props;
  const t = useText(text);
  const applications = useQuery(applicationsQuery).data ?? [];
  const [name, setName] = useState('');
  const isTaken = applications.some(
    (app) => app.properties.displayName.toLowerCase() === name.trim().toLowerCase(),
  );
  const wrong = !name.trim() ? t.chooseOne : isTaken ? t.taken : undefined;
  const body = { properties: { displayName: name.trim() } };
  const path = applicationsPath(subscription);
  const work = async () => {
    const { properties: made } = await post<Application>(path, body);
    if (made.secret) {
      props.onSecret({
        title: made.displayName,
        why: t.secretOf(made.displayName),
        value: made.secret,
        facts: [[t.clientId, made.clientId]],
      });
    }
    return { body: t.noRights };
  };
  return (
    <FormPanel
      title={t.addApplication}
      label={t.addApplication}
      told={{ begun: t.adding(name), done: t.added(name), failed: t.notAdded(name) }}
      work={work}
      touches={TOUCHED.access}
      needs={{ action: ACCESS_ACTION.write, on: subscription }}
      refused={wrong}
      equal={{
        stillpoint: `stillpoint app create ${quoted(name.trim() || 'NAME')}`,
        rest: { method: 'POST', path, body },
      }}
      onClose={props.onClose}
    >
      <Field label={t.displayName} required validationMessage={name && wrong ? wrong : undefined}>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
    </FormPanel>
  );
}
