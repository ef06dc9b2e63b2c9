/** Resource groups, those of the service too. */
import { Button } from '@fluentui/react-components';
import { AddRegular, ArrowClockwiseRegular, BoxMultipleRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { GROUPS, GROUP_ACTION } from '../../api/groups';
import type { Group } from '../../api/groups';
import { usePaged } from '../../api/paged';
import { useSubscription } from '../../api/subscription';
import { path } from '../../frame/paths';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Empty } from '../../parts/Empty';
import { Page } from '../../parts/Page';
import { PageLink } from '../../parts/PageLink';
import { PagedTable } from '../../parts/PagedTable';
import type { Column } from '../../parts/Table';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { CreateGroup } from './CreateGroup';
import { text } from './text';

export default function Groups() {
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const subscription = useSubscription()?.id;
  const list = usePaged<Group>([GROUPS], subscription && `${subscription}/resourceGroups`);
  const [isCreating, setIsCreating] = useState(false);
  const create = () => setIsCreating(true);
  const columns: Column<Group>[] = [
    {
      key: 'name',
      label: terms.name,
      width: 1.6,
      by: (group) => group.name,
      cell: (group) => <PageLink to={path.group(group.name)}>{group.name}</PageLink>,
    },
    {
      key: 'location',
      label: terms.location,
      by: (group) => group.location,
      cell: (group) => group.location,
    },
    {
      key: 'managedBy',
      label: t.managedBy,
      by: (group) => group.managedBy ?? '',
      cell: (group) => (group.managedBy ? t.service : t.nobody),
    },
    {
      key: 'tags',
      label: t.tags,
      cell: (group) =>
        Object.entries(group.tags)
          .map(([name, value]) => `${name}: ${value}`)
          .join(', ') || '–',
    },
  ];
  return (
    <Page
      title={names.groups}
      commands={
        <>
          <Command
            label={terms.create}
            icon={AddRegular}
            onClick={create}
            needs={subscription ? { action: GROUP_ACTION.write, on: subscription } : undefined}
          />
          <Command label={terms.refresh} icon={ArrowClockwiseRegular} onClick={list.refetch} />
        </>
      }
    >
      <PagedTable
        list={list}
        label={names.groups}
        columns={columns}
        id={(group) => group.id}
        empty={
          <Empty
            icon={BoxMultipleRegular}
            title={t.noGroups}
            body={t.noGroupsBody}
            action={<Button onClick={create}>{t.create}</Button>}
          />
        }
      />
      {isCreating && <CreateGroup taken={list.rows} onClose={() => setIsCreating(false)} />}
    </Page>
  );
}
