/** Who may do what: role assignments, users, applications, roles. */
import { AddRegular, ArrowClockwiseRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ACCESS, ACCESS_ACTION } from '../../api/access';
import { useSubscription } from '../../api/subscription';
import { text as frame } from '../../frame/text';
import { Command } from '../../parts/Command';
import { Page } from '../../parts/Page';
import { Views, useView } from '../../parts/Views';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { AddApplication } from './AddApplication';
import { AddAssignment } from './AddAssignment';
import { AddUser } from './AddUser';
import { Applications } from './Applications';
import { Assignments } from './Assignments';
import { Roles } from './Roles';
import { ShownOnce } from './ShownOnce';
import type { Secret } from './ShownOnce';
import { Users } from './Users';
import { text } from './text';

const TABS = ['assignments', 'users', 'applications', 'roles'] as const;

export default function Access() {
  const t = useText(text);
  const names = useText(frame);
  const terms = useTerms();
  const client = useQueryClient();
  const subscription = useSubscription()?.id;
  const tab = useView(TABS);
  const [pane, setPane] = useState<'assignment' | 'user' | 'application'>();
  const [secret, setSecret] = useState<Secret>();
  const needs = (action: string) => (subscription ? { action, on: subscription } : undefined);
  const close = () => setPane(undefined);
  const panes = { subscription: subscription ?? '', onSecret: setSecret, onClose: close };
  return (
    <Page
      title={names.access}
      commands={
        <>
          <Command
            label={t.addAssignment}
            icon={AddRegular}
            onClick={() => setPane('assignment')}
            needs={needs(ACCESS_ACTION.assign)}
          />
          <Command
            label={t.addUser}
            icon={AddRegular}
            onClick={() => setPane('user')}
            needs={needs(ACCESS_ACTION.write)}
          />
          <Command
            label={t.addApplication}
            icon={AddRegular}
            onClick={() => setPane('application')}
            needs={needs(ACCESS_ACTION.write)}
          />
          <Command
            label={terms.refresh}
            icon={ArrowClockwiseRegular}
            onClick={() => void client.invalidateQueries({ queryKey: [ACCESS] })}
          />
        </>
      }
    >
      <Views label={t.view} open={tab} names={t.tabs} />
      {tab === 'assignments' && <Assignments onAdd={() => setPane('assignment')} />}
      {tab === 'users' && <Users onSecret={setSecret} onAdd={() => setPane('user')} />}
      {tab === 'applications' && (
        <Applications onSecret={setSecret} onAdd={() => setPane('application')} />
      )}
      {tab === 'roles' && <Roles />}
      {pane === 'assignment' && <AddAssignment {...panes} />}
      {pane === 'user' && <AddUser {...panes} />}
      {pane === 'application' && <AddApplication {...panes} />}
      {secret && <ShownOnce secret={secret} onClose={() => setSecret(undefined)} />}
    </Page>
  );
}
