/** A job's sub-tasks with their own statuses (JOB-3). */
import { Subtitle2, makeStyles } from '@fluentui/react-components';
import type { JobDetails, JobTask } from '../../api/jobs';
import { Status } from '../../parts/Status';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { toneOf, useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { lasting, useTime } from '../../text/time';
import { text } from './detailsText';
import { secondsOf } from './duration';

const useStyles = makeStyles({ head: { display: 'block', margin: '16px 0 4px' } });

export function Tasks({ job }: { job: JobDetails }) {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const tasks = job.properties.extendedInfo.tasksList;
  const columns: Column<JobTask>[] = [
    { key: 'name', label: t.task, cell: ({ taskId }) => word(t.taskNames, taskId), width: 1.5 },
    {
      key: 'status',
      label: terms.status,
      cell: ({ status }) => <Status tone={toneOf(status)}>{word(terms.jobStatus, status)}</Status>,
    },
    { key: 'start', label: terms.start, cell: (task) => time.second(task.startTime), width: 1.3 },
    {
      key: 'duration',
      label: terms.duration,
      cell: (task) => (task.startTime ? lasting(secondsOf(task.duration)) : '–'),
      width: 0.7,
    },
  ];
  return (
    <section>
      <Subtitle2 as="h2" className={styles.head}>
        {t.tasks}
      </Subtitle2>
      {tasks.length === 0 ? (
        <p>{t.noTasks}</p>
      ) : (
        <Table label={t.tasks} columns={columns} rows={tasks} id={(task) => task.taskId} />
      )}
    </section>
  );
}
