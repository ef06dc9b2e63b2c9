/** Who has which role where. */
import { Button } from '@fluentui/react-components';
import { DeleteRegular, PeopleRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ACCESS_ACTION, assignmentsQuery, remove } from '../../api/access';
import type { RoleAssignment } from '../../api/access';
import { groupOf } from '../../api/ids';
import { TOUCHED } from '../../frame/touched';
import { Empty } from '../../parts/Empty';
import { quoted } from '../../parts/Equal';
import { Failure } from '../../parts/Failure';
import { FormPanel } from '../../parts/FormPanel';
import { RowMenu } from '../../parts/RowMenu';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { Waiting } from '../../parts/Waiting';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { text } from './text';
import { useNames } from './useNames';

export function Assignments({ onAdd }: { onAdd: () => void }) {
  const t = useText(text);
  const { data, error, refetch } = useQuery(assignmentsQuery);
  const [leaving, setLeaving] = useState<RoleAssignment>();
  const columns = useColumns(setLeaving);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  if (data.length === 0) {
    return (
      <Empty
        icon={PeopleRegular}
        title={t.noAssignments}
        body={t.noAssignmentsBody}
        action={<Button onClick={onAdd}>{t.addAssignment}</Button>}
      />
    );
  }
  return (
    <>
      <Table label={t.tabs.assignments} columns={columns} rows={data} id={(one) => one.id} />
      {leaving && <Unassign of={leaving} onClose={() => setLeaving(undefined)} />}
    </>
  );
}

function useColumns(onRemove: (one: RoleAssignment) => void): Column<RoleAssignment>[] {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const names = useNames();
  const who = (one: RoleAssignment) => names.who(one.properties.principalId);
  const role = (one: RoleAssignment) => names.role(one.properties.roleDefinitionId);
  return [
    { key: 'who', label: t.who, width: 1.4, by: who, cell: who },
    {
      key: 'kind',
      label: t.kind,
      cell: (one) => word(t.kinds, one.properties.principalType),
    },
    { key: 'role', label: t.role, by: role, cell: role },
    {
      key: 'scope',
      label: t.scope,
      width: 1.4,
      by: (one) => one.properties.scope,
      cell: (one) => names.scope(one.properties.scope),
    },
    { key: 'since', label: t.since, cell: (one) => time.moment(one.properties.createdOn) },
    {
      key: 'more',
      label: terms.more,
      isLabelHidden: true,
      width: '48px',
      cell: (one) => (
        <RowMenu
          of={`${who(one)}, ${role(one)}`}
          actions={[
            {
              label: t.remove,
              icon: DeleteRegular,
              onClick: () => onRemove(one),
              needs: { action: ACCESS_ACTION.unassign, on: one.properties.scope },
            },
          ]}
        />
      ),
    },
  ];
}

function Unassign({ of, onClose }: { of: RoleAssignment; onClose: () => void }) {
  const t = useText(text);
  const names = useNames();
  const { principalId, roleDefinitionId, scope } = of.properties;
  const who = names.who(principalId);
  const role = names.role(roleDefinitionId);
  const isBelowGroup = /\/providers\//i.test(scope);
  const group = groupOf(scope);
  return (
    <FormPanel
      title={t.unassignTitle(who, role)}
      label={t.remove}
      told={{
        begun: t.unassigning(who),
        done: t.unassigned(who, role),
        failed: t.notUnassigned,
      }}
      work={() => remove(of.id)}
      touches={TOUCHED.access}
      needs={{ action: ACCESS_ACTION.unassign, on: scope }}
      equal={{
        stillpoint: isBelowGroup
          ? undefined
          : `stillpoint role remove ${quoted(who)} ${quoted(names.roleName(roleDefinitionId))}${group && ` -g ${quoted(group)}`}`,
        az: `az role assignment delete --ids ${quoted(of.id)}`,
        rest: { method: 'DELETE', path: of.id },
      }}
      onClose={onClose}
    >
      {t.unassignWhy}
    </FormPanel>
  );
}
