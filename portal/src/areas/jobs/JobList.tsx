/** A list of jobs with its filters; what goes on is looked at often (JOB-10). */
import { Button, Dropdown, Input, Option, makeStyles } from '@fluentui/react-components';
import { DismissRegular, SearchRegular, TaskListSquareLtrRegular } from '@fluentui/react-icons';
import { useCallback } from 'react';
import { JOBS, OPERATIONS, STATUSES, isRunning } from '../../api/jobs';
import type { Job, JobFilter } from '../../api/jobs';
import { machineOf } from '../../api/ids';
import { usePaged } from '../../api/paged';
import { Empty } from '../../parts/Empty';
import { PagedTable } from '../../parts/PagedTable';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { text } from './text';
import { useJobColumns } from './useJobColumns';
import { SPANS, useJobFilter } from './useJobFilter';

const EVERY = { running: 3_000, still: 15_000 };

const useStyles = makeStyles({
  filters: { display: 'flex', flexWrap: 'wrap', gap: '8px', margin: '0 0 12px' },
  choice: { minWidth: '160px' },
});

export function JobList(props: {
  /** The path of the list; undefined while it is not known. */
  pathOf: (filter: JobFilter) => string | undefined;
  hasVault?: boolean;
}) {
  const t = useText(text);
  const asked = useJobFilter();
  const columns = useJobColumns(props.hasVault ?? false);
  const jobs = usePaged<Job>([JOBS], props.pathOf(asked.filter), (rows) =>
    rows.some(isRunning) ? EVERY.running : EVERY.still,
  );
  const machine = asked.machine.trim().toLowerCase();
  const isShown = useCallback(
    (job: Job) => job.properties.entityFriendlyName.toLowerCase().includes(machine),
    [machine],
  );
  const isFiltered =
    asked.status || asked.operation || asked.machine || asked.item || asked.span !== 'all';
  return (
    <>
      <Filters asked={asked} />
      <PagedTable
        list={jobs}
        label={t.job}
        columns={columns}
        id={(job) => job.id}
        isShown={isShown}
        empty={
          <Empty
            icon={TaskListSquareLtrRegular}
            title={isFiltered ? t.noMatch : t.none}
            body={isFiltered ? t.noMatchBody : t.noneBody}
            action={isFiltered ? <Button onClick={asked.clear}>{t.clear}</Button> : undefined}
          />
        }
      />
    </>
  );
}

function Filters({ asked }: { asked: ReturnType<typeof useJobFilter> }) {
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  return (
    <div className={styles.filters}>
      {asked.item && (
        <Button
          icon={<DismissRegular />}
          iconPosition="after"
          title={t.clear}
          onClick={() => asked.set('item', '')}
        >
          {t.ofItem(machineOf(asked.item).machine)}
        </Button>
      )}
      <Input
        type="search"
        value={asked.machine}
        onChange={(_, { value }) => asked.set('machine', value)}
        placeholder={t.machine}
        aria-label={t.machine}
        contentBefore={<SearchRegular aria-hidden />}
      />
      <Dropdown
        className={styles.choice}
        aria-label={t.status}
        value={asked.status ? word(terms.jobStatus, asked.status) : t.allStatuses}
        selectedOptions={[asked.status ?? '']}
        onOptionSelect={(_, { optionValue }) => asked.set('status', optionValue ?? '')}
      >
        <Option value="">{t.allStatuses}</Option>
        {STATUSES.map((status) => (
          <Option key={status} value={status}>
            {word(terms.jobStatus, status)}
          </Option>
        ))}
      </Dropdown>
      <Dropdown
        className={styles.choice}
        aria-label={t.operation}
        value={asked.operation ? word(terms.operation, asked.operation) : t.allOperations}
        selectedOptions={[asked.operation ?? '']}
        onOptionSelect={(_, { optionValue }) => asked.set('operation', optionValue ?? '')}
      >
        <Option value="">{t.allOperations}</Option>
        {OPERATIONS.map((operation) => (
          <Option key={operation} value={operation}>
            {word(terms.operation, operation)}
          </Option>
        ))}
      </Dropdown>
      <Dropdown
        className={styles.choice}
        aria-label={t.span}
        value={t.spans[asked.span]}
        selectedOptions={[asked.span]}
        onOptionSelect={(_, { optionValue }) => asked.set('days', optionValue ?? '')}
      >
        {SPANS.map((span) => (
          <Option key={span} value={span}>
            {t.spans[span]}
          </Option>
        ))}
      </Dropdown>
    </div>
  );
}
