/**
 * The heat map itself: a line for each machine, a cell for each day. Only the lines in sight are in
 * the document. The table beside it has the same in words.
 */
import { Button, Spinner, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { HeatDay, HeatRow } from '../../api/heatMap';
import { path } from '../../frame/paths';
import { ON_PHONE, usePhone } from '../../frame/width';
import { PageLink } from '../../parts/PageLink';
import { text as tableText } from '../../parts/tableText';
import { useNumbers } from '../../text/numbers';
import { useTerms } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { useCellStyles } from './cell';
import { FAILED, MARKS, bestOf } from './heat';
import { text } from './text';

/** How high a line is, in pixels. */
const LINE = 26;
/** Lines beyond the sight, at each end. */
const BEYOND = 10;
/** On a phone there is room for so many days. */
export const PHONE_DAYS = 14;

const useStyles = makeStyles({
  body: { position: 'relative', width: '100%' },
  line: {
    position: 'absolute',
    left: 0,
    right: 0,
    top: 0,
    height: `${LINE}px`,
    display: 'flex',
    alignItems: 'center',
    gap: '2px',
  },
  head: { display: 'flex', alignItems: 'end', gap: '2px', height: '20px' },
  name: {
    flex: '0 0 180px',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    paddingRight: '8px',
    [ON_PHONE]: { flexBasis: '96px' },
  },
  date: {
    flex: '1 1 0',
    minWidth: '12px',
    maxWidth: '32px',
    boxSizing: 'border-box',
    textAlign: 'center',
    fontSize: tokens.fontSizeBase100,
    color: tokens.colorNeutralForeground3,
  },
  foot: { display: 'flex', justifyContent: 'center', padding: '12px' },
});

export function HeatGrid(props: { rows: HeatRow[]; more?: () => void; isLoading?: boolean }) {
  const { rows, more, isLoading } = props;
  const styles = useStyles();
  const t = useText(text);
  const say = useText(tableText);
  const numbers = useNumbers();
  const days = usePhone() ? PHONE_DAYS : (rows[0]?.days.length ?? 0);
  const body = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => {
    const scroller = document.getElementById('content');
    if (!body.current || !scroller) return;
    const from = body.current.getBoundingClientRect().top + scroller.scrollTop;
    setMargin(from - scroller.getBoundingClientRect().top);
  }, [rows.length]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => document.getElementById('content'),
    estimateSize: () => LINE,
    overscan: BEYOND,
    scrollMargin: margin,
  });
  const shown = virtual.getVirtualItems();
  const last = shown[shown.length - 1];
  const isNearEnd = last !== undefined && last.index >= rows.length - BEYOND;
  useEffect(() => {
    if (isNearEnd && more && !isLoading) more();
  }, [isNearEnd, more, isLoading]);
  return (
    <div role="group" aria-label={t.mapLabel(numbers.count(rows.length), days)}>
      <Dates of={rows[0]?.days.slice(-days) ?? []} />
      <div ref={body} className={styles.body} style={{ height: virtual.getTotalSize() }}>
        {shown.map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            <div
              key={row.id}
              className={styles.line}
              style={{ transform: `translateY(${item.start - margin}px)` }}
            >
              <Line row={row} days={days} />
            </div>
          );
        })}
      </div>
      {more && isLoading && (
        <div className={styles.foot}>
          <Spinner size="tiny" label={say.more} />
        </div>
      )}
      {more && !isLoading && (
        <div className={styles.foot}>
          <Button size="small" onClick={more}>
            {say.loadMore}
          </Button>
        </div>
      )}
    </div>
  );
}

/** The day of the month over each column; every fifth, and the last. */
function Dates({ of }: { of: HeatDay[] }) {
  const styles = useStyles();
  return (
    <div className={styles.head} aria-hidden>
      <span className={styles.name} />
      {of.map(({ date }, at) => (
        <span key={date} className={styles.date}>
          {(of.length - 1 - at) % 5 === 0 ? Number(date.slice(-2)) : undefined}
        </span>
      ))}
    </div>
  );
}

const Line = memo(function Line({ row, days }: { row: HeatRow; days: number }) {
  const styles = useStyles();
  return (
    <>
      <span className={styles.name} title={row.name}>
        <PageLink to={path.item(row.id)}>{row.name}</PageLink>
      </span>
      {row.days.slice(-days).map((day) => (
        <Cell key={day.date} day={day} />
      ))}
    </>
  );
});

function Cell({ day }: { day: HeatDay }) {
  const cells = useCellStyles();
  const words = useDayWords();
  const best = bestOf(day);
  const isFailed = !best && day.status === 'Failed';
  return (
    <span
      aria-hidden
      className={mergeClasses(cells.cell, best && cells[best.tier], isFailed && cells.failed)}
      title={words(day)}
    >
      {best ? MARKS[best.consistency] : isFailed ? FAILED : undefined}
    </span>
  );
}

/** A day in words. */
function useDayWords() {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  const numbers = useNumbers();
  return (day: HeatDay) => {
    const best = bestOf(day);
    const date = time.dayUtc(day.date);
    const ended = day.status === 'None' || day.status === 'Completed' ? [] : [t.ended[day.status]];
    const said = best
      ? [
          terms.consistency[best.consistency],
          terms.tier[best.tier],
          t.points(numbers.count(day.points)),
        ]
      : [t.noPoint];
    return `${date}: ${[...said, ...ended].join(', ')}`;
  };
}
