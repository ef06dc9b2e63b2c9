/** A resource group: what is in it, and its locks. Of a snapshot group, too (PORTAL-23). */
import {
  AddRegular,
  ArrowClockwiseRegular,
  BoxMultipleRegular,
  DeleteRegular,
  LockClosedRegular,
} from '@fluentui/react-icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'wouter';
import { GROUPS, GROUP_ACTION, groupsQuery } from '../../api/groups';
import { LOCK_ACTION } from '../../api/locks';
import { RESOURCES } from '../../api/resources';
import { useSubscription } from '../../api/subscription';
import { path } from '../../frame/paths';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Facts } from '../../parts/Facts';
import { ResourceLayout } from '../../parts/ResourceLayout';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { AddLock } from '../locks/AddLock';
import { LockList } from '../locks/LockList';
import { DeleteGroup } from './DeleteGroup';
import { Resources } from './Resources';
import { text } from './text';

export default function Group() {
  const { group = '', section = '' } = useParams<{ group: string; section?: string }>();
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const client = useQueryClient();
  const subscription = useSubscription()?.id;
  const of = useQuery(groupsQuery).data?.find(
    (one) => one.name.toLowerCase() === group.toLowerCase(),
  );
  const id = of?.id ?? (subscription && `${subscription}/resourceGroups/${group}`);
  const [pane, setPane] = useState<'lock' | 'delete'>();
  const close = () => setPane(undefined);
  const isLocks = section === 'locks';
  const refresh = () =>
    void Promise.all(
      [GROUPS, RESOURCES, 'locks'].map((key) => client.invalidateQueries({ queryKey: [key] })),
    );
  return (
    <ResourceLayout
      name={of?.name ?? group}
      kind={t.kind}
      path={path.group(group)}
      crumbs={[{ label: names.groups, path: '/groups' }]}
      menu={[
        { sections: [{ path: '', label: t.overview, icon: BoxMultipleRegular }] },
        {
          label: t.settings,
          sections: [{ path: 'locks', label: t.locks, icon: LockClosedRegular }],
        },
      ]}
      section={isLocks ? 'locks' : ''}
      commands={
        <>
          {isLocks ? (
            <Command
              label={t.add}
              icon={AddRegular}
              onClick={() => setPane('lock')}
              needs={id ? { action: LOCK_ACTION.write, on: id } : undefined}
            />
          ) : (
            <Command
              label={t.remove}
              icon={DeleteRegular}
              onClick={() => setPane('delete')}
              needs={id ? { action: GROUP_ACTION.delete, on: id } : undefined}
            />
          )}
          <Command label={terms.refresh} icon={ArrowClockwiseRegular} onClick={refresh} />
        </>
      }
    >
      {isLocks && <LockList scope={id} onAdd={() => setPane('lock')} />}
      {!isLocks && (
        <>
          <Facts
            of={[
              [terms.location, of?.location ?? '–'],
              [t.managedBy, of?.managedBy ? t.service : t.nobody],
            ]}
          />
          <Resources group={of?.name ?? group} />
        </>
      )}
      {id && pane === 'lock' && (
        <AddLock scope={id} to={path.group(group, 'locks')} onClose={close} />
      )}
      {id && pane === 'delete' && <DeleteGroup id={id} onClose={close} />}
    </ResourceLayout>
  );
}
