/** A job with its sub-tasks, live while it runs (PORTAL-12; JOB-3, 15). */
import {
  ArrowClockwiseRegular,
  DismissCircleRegular,
  ShieldCheckmarkRegular,
} from '@fluentui/react-icons';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { JOB_CANCEL, isRunning } from '../../api/jobs';
import type { JobDetails as Job } from '../../api/jobs';
import { useJob } from '../../api/progress';
import { Command } from '../../parts/Command';
import { Failure } from '../../parts/Failure';
import { Waiting } from '../../parts/Waiting';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import type { VaultPlace } from '../vault/VaultLayout';
import { VaultLayout } from '../vault/VaultLayout';
import { Bag } from './Bag';
import { CancelJob } from './CancelJob';
import { JobErrors, JobSummary } from './JobSummary';
import { Live } from './Live';
import { Tasks } from './Tasks';
import { text as listText } from './text';
import { text } from './detailsText';
import { itemPathOf } from './itemPathOf';

export default function JobDetails({ of, job: name }: { of: VaultPlace; job: string }) {
  const t = useText(text);
  const list = useText(listText);
  const terms = useTerms();
  const [isCancelling, setIsCancelling] = useState(false);
  const { found, job, running, progress } = useJob(of.group, of.vault, name);
  // Who saw it run sees how it ended in the same place.
  const [seen, setSeen] = useState<string>();
  if (running && seen !== name) setSeen(name);
  const title = job
    ? list.of(word(terms.operation, job.properties.operation), job.properties.entityFriendlyName)
    : t.details;
  return (
    <VaultLayout
      of={of}
      section="jobs"
      title={title}
      commands={
        job && (
          <JobCommands
            job={job}
            cancel={() => setIsCancelling(true)}
            refresh={() => void found.refetch()}
          />
        )
      }
    >
      {found.error && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.isPending && <Waiting />}
      {job && (
        <>
          <JobSummary job={job} />
          {seen === name && <Live job={job} progress={progress} />}
          <JobErrors job={job} />
          <Tasks job={job} />
          <Bag job={job} />
        </>
      )}
      {job && isCancelling && <CancelJob job={job} onClose={() => setIsCancelling(false)} />}
    </VaultLayout>
  );
}

function JobCommands(props: { job: Job; cancel: () => void; refresh: () => void }) {
  const { job } = props;
  const t = useText(text);
  const terms = useTerms();
  const [, go] = useLocation();
  const item = itemPathOf(job);
  return (
    <>
      <Command
        label={t.cancelJob}
        icon={DismissCircleRegular}
        onClick={props.cancel}
        needs={{ action: JOB_CANCEL, on: job.id }}
        refused={job.properties.actionsInfo.includes('Cancellable') ? undefined : whyNot(job, t)}
      />
      {item && <Command label={t.item} icon={ShieldCheckmarkRegular} onClick={() => go(item)} />}
      <Command label={terms.refresh} icon={ArrowClockwiseRegular} onClick={props.refresh} />
    </>
  );
}

/** Why a job can't be cancelled. */
function whyNot(job: Job, t: Record<'ended' | 'isCancelling' | 'notCancellable', string>) {
  if (!isRunning(job)) return t.ended;
  return job.properties.status === 'Cancelling' ? t.isCancelling : t.notCancellable;
}
