/** The activity log of a scope, newest first, and the pane of one entry (MON-9). */
import { Button, Dropdown, Input, Link, Option, makeStyles } from '@fluentui/react-components';
import { HistoryRegular, SearchRegular } from '@fluentui/react-icons';
import { useDeferredValue, useState } from 'react';
import { ACTIVITY, activityPath } from '../../api/activity';
import type { Event } from '../../api/activity';
import { usePaged } from '../../api/paged';
import { useSubscription } from '../../api/subscription';
import { text as frame } from '../../frame/text';
import { Empty } from '../../parts/Empty';
import { PagedTable } from '../../parts/PagedTable';
import { Status } from '../../parts/Status';
import type { Tone } from '../../parts/Status';
import type { Column } from '../../parts/Table';
import { useTerms, word } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { EventDetails } from './EventDetails';
import { resourceOf } from './resource';
import { text } from './text';

const DAY = 86_400_000;
const SPANS = ['1', '7', '30', 'all'] as const;
type Span = (typeof SPANS)[number];

const TONES: Record<string, Tone> = { Succeeded: 'good', Failed: 'bad', Started: 'running' };

const useStyles = makeStyles({
  filters: { display: 'flex', flexWrap: 'wrap', gap: '8px', margin: '0 0 12px' },
  words: { flex: '0 1 320px', minWidth: '200px' },
  span: { minWidth: '160px' },
});

export function ActivityList({ scope }: { scope?: string }) {
  const styles = useStyles();
  const t = useText(text);
  const names = useText(frame);
  const subscription = useSubscription();
  const [span, setSpan] = useState<Span>('7');
  const [words, setWords] = useState('');
  const [open, setOpen] = useState<Event>();
  // The hour: a list whose beginning moves with each second would be new each time.
  const [now] = useState(() => Math.ceil(Date.now() / 3_600_000) * 3_600_000);
  const from = span === 'all' ? undefined : new Date(now - Number(span) * DAY);
  const path = subscription && activityPath(subscription.id, { scope, from });
  const list = usePaged<Event>([ACTIVITY], path, 15_000);
  const columns = useColumns(setOpen);
  const low = useDeferredValue(words.trim().toLowerCase());
  const said = (event: Event) =>
    [
      word(t.ops, event.operationName.value),
      event.operationName.value,
      event.resourceId,
      event.caller,
    ]
      .join('\n')
      .toLowerCase();
  return (
    <>
      <div className={styles.filters}>
        <Input
          className={styles.words}
          type="search"
          value={words}
          onChange={(_, { value }) => setWords(value)}
          placeholder={t.filter}
          aria-label={t.filter}
          contentBefore={<SearchRegular aria-hidden />}
        />
        <Dropdown
          className={styles.span}
          aria-label={t.span}
          value={t.spans[span]}
          selectedOptions={[span]}
          onOptionSelect={(_, { optionValue }) => setSpan(optionValue as Span)}
        >
          {SPANS.map((one) => (
            <Option key={one} value={one}>
              {t.spans[one]}
            </Option>
          ))}
        </Dropdown>
      </div>
      <PagedTable
        list={list}
        label={names.activity}
        columns={columns}
        id={(event) => event.eventDataId}
        isShown={(event) => !low || said(event).includes(low)}
        empty={
          <Empty
            icon={HistoryRegular}
            title={t.none}
            body={t.noneBody}
            action={
              span === 'all' ? undefined : <Button onClick={() => setSpan('all')}>{t.wider}</Button>
            }
          />
        }
      />
      {open && <EventDetails event={open} onClose={() => setOpen(undefined)} />}
    </>
  );
}

function useColumns(open: (event: Event) => void): Column<Event>[] {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  return [
    {
      key: 'operation',
      label: t.operation,
      width: 2,
      cell: (event) => (
        <Link as="button" onClick={() => open(event)}>
          {word(t.ops, event.operationName.value)}
        </Link>
      ),
    },
    {
      key: 'status',
      label: t.status,
      cell: ({ status }) => (
        <Status tone={TONES[status.value] ?? 'info'}>{word(t.statuses, status.value)}</Status>
      ),
    },
    { key: 'what', label: t.what, width: 1.6, cell: (event) => resourceOf(event).name },
    { key: 'group', label: terms.group, cell: (event) => event.resourceGroupName || '–' },
    { key: 'who', label: t.who, cell: (event) => event.caller || t.server },
    {
      key: 'time',
      label: terms.time,
      width: 1.4,
      cell: (event) => time.second(event.eventTimestamp),
    },
  ];
}
