/** The first part of a restore: a point by day, tier and consistency (PORTAL-17). */
import { Radio, RadioGroup, Subtitle1, makeStyles, tokens } from '@fluentui/react-components';
import { HistoryRegular } from '@fluentui/react-icons';
import type { Item } from '../../api/items';
import type { Point } from '../../api/points';
import { tierOf } from '../../api/points';
import { ON_PHONE } from '../../frame/width';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { Month } from '../points/Month';
import { PointFilters, usePointFilter } from '../points/filter';
import { ConsistencyOf, TierSign } from '../points/signs';
import { text as pointText } from '../points/text';
import { usePointCalendar } from '../points/usePointCalendar';
import { text } from './text';

const useStyles = makeStyles({
  two: {
    display: 'grid',
    gridTemplateColumns: 'minmax(280px, 440px) minmax(0, 1fr)',
    gap: '16px 32px',
    margin: '12px 0 0',
    [ON_PHONE]: { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  points: { maxHeight: '420px', overflowY: 'auto' },
  point: { display: 'flex', flexWrap: 'wrap', columnGap: '16px', rowGap: '2px' },
  time: { fontWeight: tokens.fontWeightSemibold, minWidth: '200px' },
  what: { color: tokens.colorNeutralForeground2 },
});

export function PickPoint(props: {
  item: Item;
  chosen: Point | undefined;
  onChoose: (point: Point) => void;
}) {
  const { item, chosen } = props;
  const styles = useStyles();
  const t = useText(text);
  const points = useText(pointText);
  const time = useTime();
  const { filter, setFilter, fit } = usePointFilter();
  const first = chosen && new Date(chosen.properties.recoveryPointTime);
  const calendar = usePointCalendar(item, fit, first);
  const { day, ofDay } = calendar;
  return (
    <section aria-label={t.pick}>
      <Subtitle1 as="h2">{t.pick}</Subtitle1>
      <p className={styles.what}>{t.pickWhat}</p>
      <PointFilters value={filter} onChange={setFilter} />
      {calendar.error && <Failure error={calendar.error} retry={calendar.refetch} />}
      <div className={styles.two}>
        <Month
          month={calendar.month}
          onMonth={calendar.setMonth}
          points={calendar.points}
          day={day}
          onDay={calendar.setDay}
          oldest={calendar.oldest}
          newest={calendar.newest}
        />
        <div className={styles.points}>
          {day && ofDay.length > 0 ? (
            <RadioGroup
              aria-label={t.pointsOf(time.day(day))}
              value={chosen?.name ?? ''}
              onChange={(_, { value }) => {
                const point = ofDay.find(({ name }) => name === value);
                if (point) props.onChoose(point);
              }}
            >
              {ofDay.map((point) => (
                <Radio key={point.name} value={point.name} label={<Label point={point} />} />
              ))}
            </RadioGroup>
          ) : (
            <Empty icon={HistoryRegular} title={day ? points.noneOn(time.day(day)) : points.none} />
          )}
        </div>
      </div>
    </section>
  );
}

function Label({ point }: { point: Point }) {
  const styles = useStyles();
  const time = useTime();
  return (
    <span className={styles.point}>
      <span className={styles.time}>{time.second(point.properties.recoveryPointTime)}</span>
      <TierSign tier={tierOf(point)} />
      <ConsistencyOf point={point} />
    </span>
  );
}
