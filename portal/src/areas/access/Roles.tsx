/** The roles that there are, and what each allows. */
import { Button, Link, makeStyles, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { rolesQuery } from '../../api/access';
import type { RoleDefinition } from '../../api/access';
import { text as frame } from '../../frame/text';
import { Facts } from '../../parts/Facts';
import { Failure } from '../../parts/Failure';
import { Panel } from '../../parts/Panel';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { Waiting } from '../../parts/Waiting';
import { word } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';

const useStyles = makeStyles({
  actions: {
    margin: 0,
    padding: 0,
    listStyleType: 'none',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
});

export function Roles() {
  const t = useText(text);
  const { data, error } = useQuery(rolesQuery);
  const [open, setOpen] = useState<RoleDefinition>();
  const about = ({ properties: { roleName, description } }: RoleDefinition) =>
    roleName in t.about ? word(t.about, roleName) : description;
  const columns: Column<RoleDefinition>[] = [
    {
      key: 'name',
      label: t.roleName,
      by: (role) => role.properties.roleName,
      cell: (role) => (
        <Link as="button" onClick={() => setOpen(role)}>
          {word(t.roles, role.properties.roleName)}
        </Link>
      ),
    },
    {
      key: 'description',
      label: t.description,
      width: 3,
      cell: about,
    },
  ];
  if (error) return <Failure error={error} />;
  if (!data) return <Waiting />;
  return (
    <>
      <Table label={t.tabs.roles} columns={columns} rows={data} id={(role) => role.id} />
      {open && <RolePane role={open} onClose={() => setOpen(undefined)} />}
    </>
  );
}

function RolePane({ role, onClose }: { role: RoleDefinition; onClose: () => void }) {
  const t = useText(text);
  const names = useText(frame);
  const all = role.properties.permissions;
  const not = all.flatMap((one) => one.notActions);
  return (
    <Panel
      title={word(t.roles, role.properties.roleName)}
      onClose={onClose}
      actions={<Button onClick={onClose}>{names.close}</Button>}
    >
      <Facts
        isSingle
        of={[
          [t.may, <Actions key="may" of={all.flatMap((one) => one.actions)} />],
          [t.mayNot, not.length ? <Actions key="not" of={not} /> : t.nothingElse],
        ]}
      />
    </Panel>
  );
}

function Actions({ of }: { of: string[] }) {
  const styles = useStyles();
  return (
    <ul className={styles.actions}>
      {of.map((action) => (
        <li key={action}>{action}</li>
      ))}
    </ul>
  );
}
