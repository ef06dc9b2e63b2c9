/** What somebody should know of an item first, each with its next step (PORTAL-8; PROT-4, 5, 14). */
import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { groupOf, machineOf, vaultOf } from '../../api/ids';
import type { Item } from '../../api/items';
import { runningJobsQuery } from '../../api/jobs';
import { path } from '../../frame/paths';
import { PageLink } from '../../parts/PageLink';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { seconds, useTime } from '../../text/time';
import { Trouble } from '../jobs/Trouble';
import { machineOfJob } from '../jobs/itemPathOf';
import type { Begin } from './Actions';
import { text as actionText } from './actionText';
import { isSuspended } from './possible';
import { text } from './text';

const useStyles = makeStyles({
  all: { display: 'grid', gap: '8px', margin: '0 0 12px' },
});

export function Notices({ item, begin }: { item: Item; begin: Begin }) {
  const styles = useStyles();
  const { healthStatus, healthDetails, policyId } = item.properties;
  const about = { id: item.id, vault: vaultOf(item.id), machine: machineOf(item.id), policyId };
  return (
    <div className={styles.all}>
      <Running item={item} />
      <Standing item={item} begin={begin} />
      {healthDetails.map((detail, at) => (
        <Trouble
          key={at}
          code={detail.title}
          message={detail.message}
          recommendations={detail.recommendations}
          intent={healthStatus === 'ActionRequired' ? 'error' : 'warning'}
          about={about}
        />
      ))}
    </div>
  );
}

function Notice(props: {
  intent: 'info' | 'warning' | 'error';
  title: string;
  children: ReactNode;
  action: ReactNode;
}) {
  return (
    <MessageBar intent={props.intent} layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{props.title}</MessageBarTitle>
        {props.children}
      </MessageBarBody>
      <MessageBarActions>{props.action}</MessageBarActions>
    </MessageBar>
  );
}

/** Jobs of the machine that go on. */
function Running({ item }: { item: Item }) {
  const t = useText(text);
  const terms = useTerms();
  const running = useQuery(runningJobsQuery(groupOf(item.id), vaultOf(item.id)));
  const here = machineOf(item.id);
  const jobs = (running.data ?? []).filter((job) => {
    const of = machineOfJob(job);
    return (
      of?.machine.toLowerCase() === here.machine.toLowerCase() &&
      of.group.toLowerCase() === here.group.toLowerCase()
    );
  });
  return jobs.map((job) => (
    <Notice
      key={job.id}
      intent="info"
      title={t.runningTitle}
      action={<PageLink to={path.job(job.id)}>{t.viewJob}</PageLink>}
    >
      {word(terms.operation, job.properties.operation)}:{' '}
      {word(terms.jobStatus, job.properties.status)}
    </Notice>
  ));
}

/** How its protection stands, where that wants something done. */
function Standing({ item, begin }: { item: Item; begin: Begin }) {
  const t = useText(text);
  const { action } = useText(actionText);
  const time = useTime();
  const { properties } = item;
  const next = properties.extendedInfo.stillpointNextRun;
  const left = seconds(properties.deferredDeleteTimeRemaining);
  if (properties.isScheduledForDeferredDelete) {
    const when = left === undefined ? '' : time.ago(new Date(left * 1000), 0);
    return (
      <Notice
        intent="error"
        title={t.deletedTitle}
        action={<Button onClick={() => begin('undelete', item)}>{action.undelete}</Button>}
      >
        {t.deleted(when)}
      </Notice>
    );
  }
  switch (properties.protectionState) {
    case 'IRPending':
      return (
        <Notice
          intent="warning"
          title={t.pendingTitle}
          action={<Button onClick={() => begin('backupNow', item)}>{action.backupNow}</Button>}
        >
          {next ? t.pending(time.moment(next)) : t.pendingNoRun}
        </Notice>
      );
    case 'ProtectionStopped':
    case 'BackupsSuspended':
      return (
        <Notice
          intent="warning"
          title={t.stoppedTitle}
          action={<Button onClick={() => begin('resume', item)}>{action.resume}</Button>}
        >
          {isSuspended(item) ? t.suspended : t.stopped}
        </Notice>
      );
    default:
      return null;
  }
}
