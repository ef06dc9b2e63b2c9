/** An item's recovery points: on a timeline with a list, newest first, or by a calendar. */
import { Subtitle1, Tab, TabList, makeStyles } from '@fluentui/react-components';
import { CalendarMonthRegular, HistoryRegular, TextBulletListRegular } from '@fluentui/react-icons';
import { useCallback, useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import type { Item } from '../../api/items';
import { usePaged } from '../../api/paged';
import { useRefusal } from '../../api/permissions';
import { POINTS, pointsPath } from '../../api/points';
import type { Point } from '../../api/points';
import { path } from '../../frame/paths';
import { ON_PHONE } from '../../frame/width';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { PagedTable } from '../../parts/PagedTable';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { text as actionText } from '../item/actionText';
import { RIGHT, obstacle } from '../item/possible';
import { DayPoints } from './DayPoints';
import { Month } from './Month';
import { Timeline } from './Timeline';
import { PointFilters, usePointFilter } from './filter';
import { text } from './text';
import { usePointCalendar } from './usePointCalendar';
import { usePointColumns } from './usePointColumns';

const useStyles = makeStyles({
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: '8px 24px',
    margin: '16px 0 12px',
    minHeight: '44px',
  },
  calendar: {
    display: 'grid',
    gridTemplateColumns: 'minmax(280px, 440px) minmax(0, 1fr)',
    gap: '32px',
    alignItems: 'start',
    [ON_PHONE]: { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
});

export function Points({ item }: { item: Item }) {
  const styles = useStyles();
  const t = useText(text);
  const [view, setView] = useState<'list' | 'calendar'>('list');
  const { filter, setFilter, fit } = usePointFilter();
  return (
    <section aria-label={t.points}>
      <div className={styles.head}>
        <Subtitle1 as="h2">{t.points}</Subtitle1>
        <TabList
          size="small"
          aria-label={t.view}
          selectedValue={view}
          onTabSelect={(_, { value }) => setView(value as typeof view)}
        >
          <Tab value="list" icon={<TextBulletListRegular />}>
            {t.list}
          </Tab>
          <Tab value="calendar" icon={<CalendarMonthRegular />}>
            {t.calendar}
          </Tab>
        </TabList>
        <PointFilters value={filter} onChange={setFilter} />
      </div>
      {view === 'list' ? <Listed item={item} fit={fit} /> : <ByDay item={item} fit={fit} />}
    </section>
  );
}

/** The way to the restore of a point, or why there is none. */
function useRestore(item: Item) {
  const { obstacle: words } = useText(actionText);
  const [, go] = useLocation();
  const missing = useRefusal({ action: RIGHT.restore, on: item.id });
  const why = obstacle(item, 'restore');
  const restore = useCallback(
    (point: Point) => go(`${path.item(item.id, 'restore')}?point=${point.name}`),
    [go, item.id],
  );
  return { restore, refused: why ? words[why] : missing };
}

/** Whether no point of it expires (PROT-11). */
const keepsForEver = ({ properties }: Item) =>
  properties.protectionState === 'ProtectionStopped' && !properties.isScheduledForDeferredDelete;

function Listed({ item, fit }: { item: Item; fit: (point: Point) => boolean }) {
  const t = useText(text);
  const points = usePaged<Point>([POINTS], pointsPath(item.id), 30_000);
  const { restore, refused } = useRestore(item);
  const columns = usePointColumns(restore, refused, keepsForEver(item));
  const shown = useMemo(() => points.rows.filter(fit), [points.rows, fit]);
  return (
    <>
      {shown.length > 1 && <Timeline points={shown} />}
      <PagedTable
        list={points}
        label={t.points}
        columns={columns}
        id={(point) => point.name}
        isShown={fit}
        empty={
          points.rows.length === 0 ? (
            <Empty icon={HistoryRegular} title={t.none} body={t.noneBody} />
          ) : (
            <Empty icon={HistoryRegular} title={t.noMatch} />
          )
        }
      />
    </>
  );
}

function ByDay({ item, fit }: { item: Item; fit: (point: Point) => boolean }) {
  const styles = useStyles();
  const t = useText(text);
  const time = useTime();
  const { restore, refused } = useRestore(item);
  const calendar = usePointCalendar(item, fit);
  const { day, ofDay } = calendar;
  return (
    <>
      {calendar.error && <Failure error={calendar.error} retry={calendar.refetch} />}
      <div className={styles.calendar}>
        <Month
          month={calendar.month}
          onMonth={calendar.setMonth}
          points={calendar.points}
          day={day}
          onDay={calendar.setDay}
          oldest={calendar.oldest}
          newest={calendar.newest}
        />
        {day && ofDay.length > 0 ? (
          <DayPoints
            label={t.on(time.day(day))}
            points={ofDay}
            keepsForEver={keepsForEver(item)}
            restore={restore}
            refused={refused}
          />
        ) : (
          <Empty icon={HistoryRegular} title={day ? t.noneOn(time.day(day)) : t.none} />
        )}
      </div>
    </>
  );
}
