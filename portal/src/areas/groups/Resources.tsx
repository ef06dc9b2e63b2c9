/** What is in a group. Some kinds are shown only when asked for, as in Azure's portal. */
import { Button, Switch } from '@fluentui/react-components';
import { BoxMultipleRegular, DeleteRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { COLLECTION_DELETE } from '../../api/collections';
import { usePaged } from '../../api/paged';
import { RESOURCES, isHidden, resourcesPath } from '../../api/resources';
import type { Resource } from '../../api/resources';
import { useSubscription } from '../../api/subscription';
import { pathOf } from '../../frame/paths';
import { Empty } from '../../parts/Empty';
import { PageLink } from '../../parts/PageLink';
import { PagedTable } from '../../parts/PagedTable';
import { Part } from '../../parts/Part';
import { RowMenu } from '../../parts/RowMenu';
import type { Column } from '../../parts/Table';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { DeleteCollection } from '../snapshots/DeleteCollection';
import { text } from './text';

const EVERY = 15_000;

export function Resources({ group }: { group: string }) {
  const t = useText(text);
  const subscription = useSubscription()?.id;
  const path = subscription && resourcesPath(subscription, group);
  const list = usePaged<Resource>([RESOURCES], path, EVERY);
  const [isAll, setIsAll] = useState(false);
  const [leaving, setLeaving] = useState<Resource>();
  const columns = useColumns(setLeaving);
  const isNone = list.rows.length === 0;
  return (
    <Part title={t.resources}>
      <Switch
        label={t.showHidden}
        checked={isAll}
        onChange={(_, { checked }) => setIsAll(checked)}
      />
      <PagedTable
        list={list}
        label={t.resources}
        columns={columns}
        id={(one) => one.id}
        isShown={(one) => isAll || !isHidden(one)}
        empty={
          isNone ? (
            <Empty icon={BoxMultipleRegular} title={t.none} body={t.noneBody} />
          ) : (
            <Empty
              icon={BoxMultipleRegular}
              title={t.noneShown}
              body={t.noneShownBody}
              action={<Button onClick={() => setIsAll(true)}>{t.showHidden}</Button>}
            />
          )
        }
      />
      {leaving && (
        <DeleteCollection
          id={leaving.id}
          machine={machineOf(leaving)}
          onClose={() => setLeaving(undefined)}
        />
      )}
    </Part>
  );
}

/** The machine in the name of a collection: `AzureBackup_MACHINE_NUMBER`. */
const machineOf = ({ name }: Resource) => /^AzureBackup_(.+)_\d+$/.exec(name)?.[1] ?? name;

function useColumns(onDelete: (one: Resource) => void): Column<Resource>[] {
  const t = useText(text);
  const terms = useTerms();
  return [
    {
      key: 'name',
      label: terms.name,
      width: 1.4,
      by: (one) => one.name,
      cell: (one) => {
        const to = isHidden(one) ? undefined : pathOf(one.id);
        return to ? <PageLink to={to}>{one.name}</PageLink> : one.name;
      },
    },
    {
      key: 'type',
      label: t.type,
      by: (one) => one.type,
      cell: (one) => word(t.kinds, one.type.toLowerCase()),
    },
    { key: 'location', label: terms.location, cell: (one) => one.location },
    {
      key: 'more',
      label: terms.more,
      isLabelHidden: true,
      width: '48px',
      cell: (one) =>
        isHidden(one) && (
          <RowMenu
            of={one.name}
            actions={[
              {
                label: t.deleteCollection,
                icon: DeleteRegular,
                onClick: () => onDelete(one),
                needs: { action: COLLECTION_DELETE, on: one.id },
              },
            ]}
          />
        ),
    },
  ];
}
