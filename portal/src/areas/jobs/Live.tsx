/**
 * What a job does just now: how far it is, how fast, and by what it knows what to read. Once it
 * has ended, what it did.
 */
import { ProgressBar, Subtitle2, Text, makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import type { DiskPlan, Progress } from '../../api/progress';
import { isRunning } from '../../api/jobs';
import type { JobDetails } from '../../api/jobs';
import { ON_PHONE } from '../../frame/width';
import { Facts } from '../../parts/Facts';
import type { Tone } from '../../parts/Status';
import { useNumbers } from '../../text/numbers';
import { toneOf, useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { lasting } from '../../text/time';
import { text } from './detailsText';
import { secondsOf } from './duration';

const useStyles = makeStyles({
  box: {
    // As high as what the stream tells, so that what is below stays where it is.
    minHeight: '240px',
    margin: '0 0 16px',
    padding: '12px 16px',
    borderRadius: tokens.borderRadiusMedium,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    [ON_PHONE]: { minHeight: '400px' },
  },
  head: { display: 'flex', justifyContent: 'space-between', margin: '0 0 8px', gap: '16px' },
  title: { margin: 0 },
  bar: { margin: '0 0 12px' },
});

/** The bar of a job that has ended, by how. */
const BARS: Partial<Record<Tone, 'success' | 'warning' | 'error'>> = {
  good: 'success',
  warning: 'warning',
  bad: 'error',
};

export function Live({ job, progress }: { job: JobDetails; progress: Progress | null }) {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const numbers = useNumbers();
  const { status, extendedInfo: info } = job.properties;
  const isOver = !isRunning(job);
  const share = isOver ? 1 : shareOf(progress, info.progressPercentage);
  const far = share === undefined ? t.working : numbers.percent(share);
  const bar = { value: share, color: isOver ? BARS[toneOf(status)] : undefined };
  return (
    <section className={styles.box} aria-label={t.progress}>
      <div className={styles.head}>
        <Subtitle2 as="h2" className={styles.title}>
          {t.progress}
        </Subtitle2>
        <Text>{isOver ? word(terms.jobStatus, status) : far}</Text>
      </div>
      <ProgressBar className={styles.bar} {...bar} thickness="large" aria-label={t.progress} />
      {progress ? <Told progress={progress} isOver={isOver} /> : <Polled job={job} />}
    </section>
  );
}

function shareOf(progress: Progress | null, percent: number | undefined): number | undefined {
  if (progress?.bytesTotal) return Math.min(1, progress.bytesDone / progress.bytesTotal);
  return percent === undefined ? undefined : percent / 100;
}

/** As the stream tells it; of one that is over without what is only true meanwhile. */
function Told({ progress, isOver }: { progress: Progress; isOver: boolean }) {
  const t = useText(text);
  const numbers = useNumbers();
  const bytes = (n: number | null) => (n === null ? undefined : numbers.bytes(n));
  const { bottleneck, sourceWaitPercent: wait } = progress;
  const limits = bottleneck
    ? word(t.bottlenecks, bottleneck)
    : wait === undefined
      ? undefined
      : t.sourceWait(numbers.percent(wait / 100));
  const left = progress.secondsLeft === null ? undefined : lasting(progress.secondsLeft);
  const now: [string, ReactNode][] = [
    [t.step, progress.step ? word(t.taskNames, progress.step) : undefined],
    [t.rate, t.perSecond(numbers.bytes(progress.ratePerSecond))],
    [
      t.done,
      progress.bytesTotal
        ? t.doneOf(numbers.bytes(progress.bytesDone), numbers.bytes(progress.bytesTotal))
        : undefined,
    ],
    [t.left, left],
  ];
  return (
    <Facts
      of={[
        ...(isOver ? [] : now),
        [t.read, bytes(progress.bytesRead)],
        [t.changed, bytes(progress.bytesChanged)],
        [t.sent, bytes(progress.bytesSent)],
        [t.limits, limits],
        [t.tracker, progress.disks.length ? <Trackers disks={progress.disks} /> : undefined],
      ]}
    />
  );
}

/** By what it is known what to read of each disk. */
function Trackers({ disks }: { disks: readonly DiskPlan[] }) {
  const t = useText(text);
  const numbers = useNumbers();
  return disks.map(({ name, tracker, reason, bytes }) => (
    <div key={name}>
      {name}: {t.trackers[tracker]} ({numbers.bytes(bytes)}){reason && ` – ${reason}`}
    </div>
  ));
}

/** As the job itself tells it, where there is no stream. */
function Polled({ job }: { job: JobDetails }) {
  const t = useText(text);
  const terms = useTerms();
  const info = job.properties.extendedInfo;
  const task = info.tasksList.find(({ status }) => status === 'InProgress');
  return (
    <Facts
      of={[
        [t.step, task && word({ ...terms.task, ...t.taskNames }, task.taskId)],
        [t.done, task?.taskExecutionDetails],
        [
          t.left,
          info.estimatedRemainingDuration && lasting(secondsOf(info.estimatedRemainingDuration)),
        ],
      ]}
    />
  );
}
