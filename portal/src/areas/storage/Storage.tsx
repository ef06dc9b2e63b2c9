/** Where data lies: vault pools, snapshot stores, restore folders. */
import { AddRegular, ArrowClockwiseRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { HOSTS, hostsOf } from '../../api/hosts';
import { usePaged } from '../../api/paged';
import { FOLDERS, POOLS, STORAGE_ACTION, foldersPath, poolsPath } from '../../api/storage';
import { useSubscription } from '../../api/subscription';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Page } from '../../parts/Page';
import { Waiting } from '../../parts/Waiting';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { AddFolder } from './AddFolder';
import { AddPool } from './AddPool';
import { Folders } from './Folders';
import { Pools } from './Pools';
import { Stores } from './Stores';
import { text } from './text';

export default function Storage() {
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const client = useQueryClient();
  const subscription = useSubscription()?.id;
  const [pane, setPane] = useState<'pool' | 'folder'>();
  const on = subscription ?? '';
  // All three lists come at once: one that came later would move the others.
  const lists = [
    usePaged([POOLS], subscription && poolsPath(subscription)),
    usePaged([HOSTS], subscription && hostsOf(subscription)),
    usePaged([FOLDERS], subscription && foldersPath(subscription)),
  ];
  const isThere = lists.every((list) => !list.isPending);
  const refresh = () =>
    void Promise.all(
      [POOLS, FOLDERS, HOSTS, 'overview'].map((key) =>
        client.invalidateQueries({ queryKey: [key] }),
      ),
    );
  const parts: ReactNode =
    subscription && isThere ? (
      <>
        <Pools subscription={subscription} onAdd={() => setPane('pool')} />
        <Stores subscription={subscription} />
        <Folders subscription={subscription} onAdd={() => setPane('folder')} />
        {pane === 'pool' && <AddPool subscription={on} onClose={() => setPane(undefined)} />}
        {pane === 'folder' && <AddFolder subscription={on} onClose={() => setPane(undefined)} />}
      </>
    ) : (
      <Waiting />
    );
  return (
    <Page
      title={names.storage}
      commands={
        <>
          <Command
            label={t.addPool}
            icon={AddRegular}
            onClick={() => setPane('pool')}
            needs={subscription ? { action: STORAGE_ACTION.poolWrite, on } : undefined}
          />
          <Command
            label={t.addFolder}
            icon={AddRegular}
            onClick={() => setPane('folder')}
            needs={subscription ? { action: STORAGE_ACTION.folderWrite, on } : undefined}
          />
          <Command label={terms.refresh} icon={ArrowClockwiseRegular} onClick={refresh} />
        </>
      }
    >
      {parts}
    </Page>
  );
}
