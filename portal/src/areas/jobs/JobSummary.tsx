/** What a job is, and what went wrong in it. */
import { MessageBar, MessageBarBody, Subtitle2, makeStyles } from '@fluentui/react-components';
import { vaultOf } from '../../api/ids';
import type { JobDetails } from '../../api/jobs';
import { PageLink } from '../../parts/PageLink';
import { Facts } from '../../parts/Facts';
import { Status } from '../../parts/Status';
import { toneOf, useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { Trouble } from './Trouble';
import { text } from './detailsText';
import { itemPathOf, machineOfJob } from './itemPathOf';
import { Duration } from './useJobColumns';

const useStyles = makeStyles({ head: { display: 'block', margin: '16px 0 8px' } });

export function JobSummary({ job }: { job: JobDetails }) {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const { properties } = job;
  const item = itemPathOf(job);
  const name = properties.entityFriendlyName;
  return (
    <Facts
      of={[
        [
          terms.status,
          <Status tone={toneOf(properties.status)}>
            {word(terms.jobStatus, properties.status)}
          </Status>,
        ],
        [terms.machine, item ? <PageLink to={item}>{name}</PageLink> : name],
        [terms.start, time.second(properties.startTime)],
        [t.by, properties.isUserTriggered ? t.byUser : t.bySchedule],
        [terms.end, time.second(properties.endTime)],
        [t.activity, properties.activityId ?? undefined],
        [terms.duration, <Duration job={job} />],
      ]}
    />
  );
}

/** Errors with their remedies; and that a transfer was skipped, which is none (JOB-7). */
export function JobErrors({ job }: { job: JobDetails }) {
  const styles = useStyles();
  const t = useText(text);
  const { errorDetails, status, extendedInfo } = job.properties;
  const isFailed = status === 'Failed';
  const about = { id: job.id, vault: vaultOf(job.id), machine: machineOfJob(job) };
  const isSkipped = extendedInfo.tasksList.some((task) => task.status === 'Skipped');
  return (
    <>
      {errorDetails && errorDetails.length > 0 && (
        <section>
          <Subtitle2 as="h2" className={styles.head}>
            {isFailed ? t.errors : t.warnings}
          </Subtitle2>
          {errorDetails.map((error, at) => (
            <Trouble
              key={at}
              code={error.errorTitle}
              message={error.errorString}
              recommendations={error.recommendations}
              intent={isFailed ? 'error' : 'warning'}
              about={about}
            />
          ))}
        </section>
      )}
      {isSkipped && (
        <MessageBar intent="info" layout="multiline">
          <MessageBarBody>{t.skipped}</MessageBarBody>
        </MessageBar>
      )}
    </>
  );
}
