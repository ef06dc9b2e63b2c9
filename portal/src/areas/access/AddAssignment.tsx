/** Gives somebody a role: who, which, where (RBAC-5). */
import { Field, Radio, RadioGroup } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import {
  ACCESS_ACTION,
  applicationsQuery,
  assign,
  assignmentBody,
  assignmentPath,
  rolesQuery,
  usersQuery,
} from '../../api/access';
import { groupsQuery } from '../../api/groups';
import { groupOf } from '../../api/ids';
import { vaultsQuery } from '../../api/vaults';
import { TOUCHED } from '../../frame/touched';
import { Choice } from '../../parts/Choice';
import { quoted } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

type Kind = 'all' | 'group' | 'vault';

/** All who may have roles. */
function usePrincipals() {
  const users = useQuery(usersQuery).data ?? [];
  const applications = useQuery(applicationsQuery).data ?? [];
  return [
    ...users.map(({ properties }) => ({
      id: properties.objectId,
      name: properties.userName,
      kind: 'User',
    })),
    ...applications.map(({ properties }) => ({
      id: properties.objectId,
      name: properties.displayName,
      kind: 'ServicePrincipal',
    })),
  ];
}

export function AddAssignment(props: { subscription: string; onClose: () => void }) {
  const { subscription } = props;
  const t = useText(text);
  const terms = useTerms();
  const principals = usePrincipals();
  const roles = useQuery(rolesQuery).data ?? [];
  const groups = useQuery(groupsQuery).data ?? [];
  const vaults = useQuery(vaultsQuery).data ?? [];
  const [whoId, setWho] = useState('');
  const [roleId, setRole] = useState('');
  const [kind, setKind] = useState<Kind>('all');
  const [placeId, setPlace] = useState('');
  const [name] = useState(() => crypto.randomUUID());
  const who = principals.find((one) => one.id === whoId);
  const role = roles.find((one) => one.id === roleId);
  const places = kind === 'group' ? groups : kind === 'vault' ? vaults : [];
  const place = places.find((one) => one.id === placeId);
  const scope = kind === 'all' ? subscription : place?.id;
  const at = assignmentPath(scope ?? subscription, name);
  const body = assignmentBody(roleId, whoId);
  const group = kind === 'group' && scope ? ` -g ${quoted(groupOf(scope))}` : '';
  const roleName = role?.properties.roleName ?? 'ROLE';
  return (
    <FormPanel
      title={t.addAssignment}
      label={t.addAssignment}
      told={{
        begun: t.assigning(who?.name ?? ''),
        done: t.assigned(who?.name ?? '', word(t.roles, roleName)),
        failed: t.notAssigned,
      }}
      work={() => assign(at, body)}
      touches={TOUCHED.access}
      needs={{ action: ACCESS_ACTION.assign, on: scope ?? subscription }}
      refused={who && role && scope ? undefined : t.chooseOne}
      equal={{
        stillpoint:
          kind === 'vault'
            ? undefined
            : `stillpoint role assign ${quoted(who?.name ?? 'WHO')} ${quoted(roleName)}${group}`,
        az: `az role assignment create --assignee-object-id ${whoId || 'OBJECT_ID'} --assignee-principal-type ${who?.kind ?? 'User'} --role ${quoted(roleName)} --scope ${quoted(scope ?? subscription)}`,
        rest: { method: 'PUT', path: at, body },
      }}
      onClose={props.onClose}
    >
      <Choice
        label={t.who}
        value={whoId}
        onChange={setWho}
        options={principals.map((one) => ({
          id: one.id,
          name: `${one.name} (${word(t.kinds, one.kind)})`,
        }))}
      />
      <Choice
        label={t.role}
        hint={role && word(t.about, role.properties.roleName)}
        value={roleId}
        onChange={setRole}
        options={roles.map((one) => ({ id: one.id, name: word(t.roles, one.properties.roleName) }))}
      />
      <Field label={t.scopeKind}>
        <RadioGroup
          value={kind}
          onChange={(_, { value }) => {
            setKind(value as Kind);
            setPlace('');
          }}
        >
          <Radio value="all" label={t.scopes.all} />
          <Radio value="group" label={t.scopes.group} />
          <Radio value="vault" label={t.scopes.vault} />
        </RadioGroup>
      </Field>
      {kind !== 'all' && (
        <Choice
          label={kind === 'group' ? terms.group : terms.vault}
          value={placeId}
          onChange={setPlace}
          options={places}
        />
      )}
    </FormPanel>
  );
}
