/** The collections of snapshots of all machines. */
import { CameraRegular, DeleteRegular, EyeRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { COLLECTIONS, COLLECTION_DELETE, collectionsPath } from '../../api/collections';
import type { Collection } from '../../api/collections';
import { groupOf, nameOf } from '../../api/ids';
import { usePaged } from '../../api/paged';
import { path, pathOf } from '../../frame/paths';
import { Empty } from '../../parts/Empty';
import { PageLink } from '../../parts/PageLink';
import { PagedTable } from '../../parts/PagedTable';
import { Part } from '../../parts/Part';
import { RowMenu } from '../../parts/RowMenu';
import { Status } from '../../parts/Status';
import type { Column } from '../../parts/Table';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { DeleteCollection } from './DeleteCollection';
import { ShowSnapshots } from './ShowSnapshots';
import { text } from './text';

type Open = { of: Collection; pane: 'show' | 'delete' };

const EVERY = { deleting: 3_000, still: 30_000 };

const machineOf = (collection: Collection) => nameOf(collection.properties.source.id);
const isDeleting = (collection: Collection) =>
  collection.properties.provisioningState === 'Deleting';

export function Collections({ subscription }: { subscription: string }) {
  const t = useText(text);
  const list = usePaged<Collection>([COLLECTIONS], collectionsPath(subscription), (rows) =>
    rows.some(isDeleting) ? EVERY.deleting : EVERY.still,
  );
  const [open, setOpen] = useState<Open>();
  const columns = useColumns(setOpen);
  const close = () => setOpen(undefined);
  return (
    <Part title={t.collections} why={t.collectionsWhy}>
      <PagedTable
        list={list}
        label={t.collections}
        columns={columns}
        id={(one) => one.id}
        empty={<Empty icon={CameraRegular} title={t.none} body={t.noneBody} />}
      />
      {open?.pane === 'show' && <ShowSnapshots of={open.of} onClose={close} />}
      {open?.pane === 'delete' && (
        <DeleteCollection id={open.of.id} machine={machineOf(open.of)} onClose={close} />
      )}
    </Part>
  );
}

function useColumns(open: (open: Open) => void): Column<Collection>[] {
  const t = useText(text);
  const terms = useTerms();
  return [
    {
      key: 'machine',
      label: terms.machine,
      by: machineOf,
      cell: (one) => (
        <PageLink to={pathOf(one.properties.source.id) ?? '/machines'}>{machineOf(one)}</PageLink>
      ),
    },
    {
      key: 'name',
      label: t.collection,
      width: 1.4,
      by: (one) => one.name,
      cell: (one) => one.name,
    },
    {
      key: 'group',
      label: terms.group,
      width: 1.4,
      cell: (one) => <PageLink to={path.group(groupOf(one.id))}>{groupOf(one.id)}</PageLink>,
    },
    {
      key: 'state',
      label: terms.status,
      cell: (one) => (
        <Status tone={isDeleting(one) ? 'running' : 'good'}>
          {word(t.states, one.properties.provisioningState)}
        </Status>
      ),
    },
    {
      key: 'more',
      label: terms.more,
      isLabelHidden: true,
      width: '48px',
      cell: (of) => (
        <RowMenu
          of={machineOf(of)}
          actions={[
            { label: t.show, icon: EyeRegular, onClick: () => open({ of, pane: 'show' }) },
            {
              label: t.remove,
              icon: DeleteRegular,
              onClick: () => open({ of, pane: 'delete' }),
              needs: { action: COLLECTION_DELETE, on: of.id },
            },
          ]}
        />
      ),
    },
  ];
}
