/** Adds a user, whose one-time password is shown once. */
import { Field, Input } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ACCESS_ACTION, post, usersPath, usersQuery } from '../../api/access';
import type { User } from '../../api/access';
import { TOUCHED } from '../../frame/touched';
import { quoted } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useText } from '../../text/text';
import type { Secret } from './ShownOnce';
import { text } from './text';

export function AddUser(props: {
  subscription: string;
  onSecret: (secret: Secret) => void;
  onClose: () => void;
}) {
  const { subscription } = props;
  const t = useText(text);
  const users = useQuery(usersQuery).data ?? [];
  const [name, setName] = useState('');
  const [displayName, setDisplayName] = useState('');
  const isTaken = users.some(
    (user) => user.properties.userName.toLowerCase() === name.toLowerCase(),
  );
  const wrong = !/^[\w.@-]{1,64}$/.test(name) ? t.userNameWrong : isTaken ? t.taken : undefined;
  const body = { properties: { userName: name, ...(displayName && { displayName }) } };
  const path = usersPath(subscription);
  const work = async () => {
    const made = await post<User>(path, body);
    const value = made.properties.oneTimePassword;
    if (value) props.onSecret({ title: name, why: t.oneTimeOf(name), value });
    return { body: t.noRights };
  };
  const more = displayName && ` --display-name ${quoted(displayName)}`;
  return (
    <FormPanel
      title={t.addUser}
      label={t.addUser}
      told={{ begun: t.adding(name), done: t.added(name), failed: t.notAdded(name) }}
      work={work}
      touches={TOUCHED.access}
      needs={{ action: ACCESS_ACTION.write, on: subscription }}
      refused={wrong}
      equal={{
        stillpoint: `stillpoint user create ${quoted(name || 'NAME')}${more}`,
        rest: { method: 'POST', path, body },
      }}
      onClose={props.onClose}
    >
      <Field
        label={t.userName}
        hint={t.userNameHint}
        required
        validationMessage={name ? wrong : undefined}
      >
        <Input autoComplete="off" value={name} onChange={(_, { value }) => setName(value.trim())} />
      </Field>
      <Field label={t.displayName}>
        <Input value={displayName} onChange={(_, { value }) => setDisplayName(value)} />
      </Field>
    </FormPanel>
  );
}
