/** The columns of a list of jobs. */
import { useMemo } from 'react';
import { groupOf, vaultOf } from '../../api/ids';
import { isRunning } from '../../api/jobs';
import type { Job } from '../../api/jobs';
import { path } from '../../frame/paths';
import { PageLink } from '../../parts/PageLink';
import { Status } from '../../parts/Status';
import type { Column } from '../../parts/Table';
import { toneOf, useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { lasting, useTime } from '../../text/time';
import { secondsOf } from './duration';
import { itemPathOf } from './itemPathOf';
import { text } from './text';
import { useNow } from './useNow';

/** `hasVault`: the list is over all vaults, and says of each job where it is. */
export function useJobColumns(hasVault: boolean): Column<Job>[] {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  return useMemo(() => {
    const vault: Column<Job> = {
      key: 'vault',
      label: terms.vault,
      cell: ({ id }) => (
        <PageLink to={path.vault(groupOf(id), vaultOf(id))}>{vaultOf(id)}</PageLink>
      ),
      by: ({ id }) => vaultOf(id),
    };
    return [
      {
        key: 'operation',
        label: t.operation,
        cell: (job) => {
          const operation = word(terms.operation, job.properties.operation);
          const label = t.of(operation, job.properties.entityFriendlyName);
          return (
            <PageLink to={path.job(job.id)} label={label}>
              {operation}
            </PageLink>
          );
        },
        by: (job) => job.properties.operation,
      },
      {
        key: 'machine',
        label: terms.machine,
        cell: (job) => <Machine job={job} />,
        by: (job) => job.properties.entityFriendlyName,
      },
      ...(hasVault ? [vault] : []),
      {
        key: 'status',
        label: t.status,
        cell: ({ properties: { status } }) => (
          <Status tone={toneOf(status)}>{word(terms.jobStatus, status)}</Status>
        ),
        by: (job) => job.properties.status,
      },
      {
        key: 'start',
        label: terms.start,
        cell: (job) => time.second(job.properties.startTime),
        by: (job) => job.properties.startTime,
        width: 1.4,
      },
      {
        key: 'duration',
        label: terms.duration,
        cell: (job) => <Duration job={job} />,
        by: (job) => secondsOf(job.properties.duration) ?? Infinity,
        width: 0.7,
      },
    ];
  }, [hasVault, t, terms, time]);
}

function Machine({ job }: { job: Job }) {
  const to = itemPathOf(job);
  const name = job.properties.entityFriendlyName;
  return to ? <PageLink to={to}>{name}</PageLink> : name;
}

/** How long it took, or takes so far. */
export function Duration({ job }: { job: Job }) {
  const running = isRunning(job);
  const now = useNow(running);
  const begun = new Date(job.properties.startTime).valueOf();
  return lasting(running ? Math.max(0, now - begun) / 1000 : secondsOf(job.properties.duration));
}
