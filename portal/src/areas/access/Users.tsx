/** Users: people who sign in with a password. */
import { Button } from '@fluentui/react-components';
import {
  DeleteRegular,
  KeyResetRegular,
  PeopleRegular,
  SignOutRegular,
} from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ACCESS_ACTION, usersQuery } from '../../api/access';
import type { User } from '../../api/access';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { RowMenu } from '../../parts/RowMenu';
import { Status } from '../../parts/Status';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { Waiting } from '../../parts/Waiting';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import type { Secret } from './ShownOnce';
import { UserPane } from './UserPane';
import type { UserAction } from './UserPane';
import { text } from './text';

type Open = { user: User; action: UserAction };

export function Users(props: { onSecret: (secret: Secret) => void; onAdd: () => void }) {
  const t = useText(text);
  const { data, error, refetch } = useQuery(usersQuery);
  const [open, setOpen] = useState<Open>();
  const columns = useColumns(setOpen);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  if (data.length === 0) {
    return (
      <Empty
        icon={PeopleRegular}
        title={t.noUsers}
        body={t.noUsersBody}
        action={<Button onClick={props.onAdd}>{t.addUser}</Button>}
      />
    );
  }
  return (
    <>
      <Table label={t.tabs.users} columns={columns} rows={data} id={(user) => user.id} />
      {open && (
        <UserPane
          user={open.user}
          action={open.action}
          onSecret={props.onSecret}
          onClose={() => setOpen(undefined)}
        />
      )}
    </>
  );
}

function useColumns(open: (open: Open) => void): Column<User>[] {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const action = (user: User, action: UserAction) => () => open({ user, action });
  return [
    {
      key: 'name',
      label: t.userName,
      by: (user) => user.properties.userName,
      cell: (user) => user.properties.userName,
    },
    {
      key: 'displayName',
      label: t.displayName,
      by: (user) => user.properties.displayName,
      cell: (user) => user.properties.displayName || '–',
    },
    { key: 'state', label: t.state, cell: (user) => <State user={user} /> },
    {
      key: 'created',
      label: t.created,
      by: (user) => user.properties.createdDateTime,
      cell: (user) => time.moment(user.properties.createdDateTime),
    },
    {
      key: 'more',
      label: terms.more,
      isLabelHidden: true,
      width: '48px',
      cell: (user) => (
        <RowMenu
          of={user.properties.userName}
          actions={[
            {
              label: t.resetPassword,
              icon: KeyResetRegular,
              onClick: action(user, 'reset'),
              needs: { action: ACCESS_ACTION.write, on: user.id },
            },
            {
              label: t.endLogins,
              icon: SignOutRegular,
              onClick: action(user, 'end'),
              needs: { action: ACCESS_ACTION.write, on: user.id },
            },
            {
              label: t.delete,
              icon: DeleteRegular,
              onClick: action(user, 'delete'),
              needs: { action: ACCESS_ACTION.delete, on: user.id },
            },
          ]}
        />
      ),
    },
  ];
}

function State({ user: { properties } }: { user: User }) {
  const t = useText(text);
  const time = useTime();
  const [now] = useState(() => Date.now());
  const { lockedUntil } = properties;
  if (!properties.enabled) return <Status tone="off">{t.states.disabled}</Status>;
  if (lockedUntil && new Date(lockedUntil).valueOf() > now) {
    return <Status tone="bad">{t.lockedUntil(time.moment(lockedUntil))}</Status>;
  }
  if (properties.passwordIsOneTime) return <Status tone="warning">{t.states.oneTime}</Status>;
  return <Status tone="good">{t.states.ready}</Status>;
}
