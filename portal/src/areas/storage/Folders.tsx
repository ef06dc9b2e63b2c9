/** The folders that disks are restored into. */
import { Button } from '@fluentui/react-components';
import { DeleteRegular, EditRegular, FolderRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { groupOf } from '../../api/ids';
import { usePaged } from '../../api/paged';
import { FOLDERS, STORAGE_ACTION, foldersPath } from '../../api/storage';
import type { RestoreFolder } from '../../api/storage';
import { path } from '../../frame/paths';
import { TOUCHED } from '../../frame/touched';
import { Empty } from '../../parts/Empty';
import { quoted } from '../../parts/Equal';
import { PageLink } from '../../parts/PageLink';
import { PagedTable } from '../../parts/PagedTable';
import { Part } from '../../parts/Part';
import { RowMenu } from '../../parts/RowMenu';
import type { Column } from '../../parts/Table';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { ChangeFolder } from './ChangeFolder';
import { Remove } from './Remove';
import { text } from './text';

type Open = { folder: RestoreFolder; pane: 'change' | 'remove' };

export function Folders({ subscription, onAdd }: { subscription: string; onAdd: () => void }) {
  const t = useText(text);
  const folders = usePaged<RestoreFolder>([FOLDERS], foldersPath(subscription));
  const [open, setOpen] = useState<Open>();
  const columns = useColumns(setOpen);
  const close = () => setOpen(undefined);
  return (
    <Part title={t.folders} why={t.foldersWhy}>
      <PagedTable
        list={folders}
        label={t.folders}
        columns={columns}
        id={(folder) => folder.id}
        empty={
          <Empty
            icon={FolderRegular}
            title={t.noFolders}
            body={t.noFoldersBody}
            action={<Button onClick={onAdd}>{t.addFolder}</Button>}
          />
        }
      />
      {open?.pane === 'change' && <ChangeFolder folder={open.folder} onClose={close} />}
      {open?.pane === 'remove' && (
        <Remove
          id={open.folder.id}
          name={open.folder.name}
          why={t.removeFolder}
          stillpoint={`stillpoint restore-folder remove -g ${quoted(groupOf(open.folder.id))}`}
          action={STORAGE_ACTION.folderDelete}
          touches={TOUCHED.folder}
          onClose={close}
        />
      )}
    </Part>
  );
}

function useColumns(open: (open: Open) => void): Column<RestoreFolder>[] {
  const t = useText(text);
  const terms = useTerms();
  return [
    { key: 'name', label: terms.name, by: (one) => one.name, cell: (one) => one.name },
    { key: 'folder', label: t.folder, width: 1.6, cell: (one) => one.properties.folder },
    {
      key: 'host',
      label: terms.host,
      cell: ({ properties: { host } }) => <PageLink to={path.host(host)}>{host}</PageLink>,
    },
    { key: 'group', label: terms.group, cell: (one) => groupOf(one.id) },
    { key: 'location', label: terms.location, cell: (one) => one.location },
    {
      key: 'more',
      label: terms.more,
      isLabelHidden: true,
      width: '48px',
      cell: (folder) => (
        <RowMenu
          of={folder.name}
          actions={[
            {
              label: t.change,
              icon: EditRegular,
              onClick: () => open({ folder, pane: 'change' }),
              needs: { action: STORAGE_ACTION.folderWrite, on: folder.id },
            },
            {
              label: t.remove,
              icon: DeleteRegular,
              onClick: () => open({ folder, pane: 'remove' }),
              needs: { action: STORAGE_ACTION.folderDelete, on: folder.id },
            },
          ]}
        />
      ),
    },
  ];
}
