/** Applications: service principals that log in by secrets and certificates. */
import { Button, Link } from '@fluentui/react-components';
import { AppsRegular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { applicationsQuery } from '../../api/access';
import type { Application } from '../../api/access';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { Waiting } from '../../parts/Waiting';
import { useNumbers } from '../../text/numbers';
import { useText } from '../../text/text';
import { ApplicationPane } from './ApplicationPane';
import type { Secret } from './ShownOnce';
import { text } from './text';

export function Applications(props: { onSecret: (secret: Secret) => void; onAdd: () => void }) {
  const t = useText(text);
  const { count } = useNumbers();
  const { data, error, refetch } = useQuery(applicationsQuery);
  const [openId, setOpenId] = useState<string>();
  const open = data?.find((one) => one.id === openId);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  if (data.length === 0) {
    return (
      <Empty
        icon={AppsRegular}
        title={t.noApplications}
        body={t.noApplicationsBody}
        action={<Button onClick={props.onAdd}>{t.addApplication}</Button>}
      />
    );
  }
  const columns: Column<Application>[] = [
    {
      key: 'name',
      label: t.displayName,
      by: (one) => one.properties.displayName,
      cell: (one) => (
        <Link as="button" onClick={() => setOpenId(one.id)}>
          {one.properties.displayName}
        </Link>
      ),
    },
    { key: 'client', label: t.clientId, width: 1.8, cell: (one) => one.properties.clientId },
    { key: 'secrets', label: t.secrets, cell: (one) => count(one.properties.secrets.length) },
    {
      key: 'certificates',
      label: t.certificates,
      cell: (one) => count(one.properties.certificates.length),
    },
  ];
  return (
    <>
      <Table label={t.tabs.applications} columns={columns} rows={data} id={(one) => one.id} />
      {open && (
        <ApplicationPane
          of={open}
          onSecret={(secret) => {
            setOpenId(undefined);
            props.onSecret(secret);
          }}
          onClose={() => setOpenId(undefined)}
        />
      )}
    </>
  );
}
