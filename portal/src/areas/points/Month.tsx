/** A month as a calendar: on each day what points there are, by tier and consistency. */
import {
  Button,
  Subtitle2,
  makeStyles,
  mergeClasses,
  tokens,
  useArrowNavigationGroup,
} from '@fluentui/react-components';
import { ChevronLeftRegular, ChevronRightRegular } from '@fluentui/react-icons';
import { tierOf } from '../../api/points';
import type { Point } from '../../api/points';
import { LOCALE, useLanguage, useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import { useTime } from '../../text/time';
import { isSameDay, nextMonth, weeksOf } from './days';
import {
  CONSISTENCIES,
  ConsistencyIcon,
  ConsistencySign,
  TIERS,
  TierIcon,
  TierSign,
} from './signs';
import { text } from './text';

const useStyles = makeStyles({
  head: { display: 'flex', alignItems: 'center', gap: '4px', margin: '0 0 4px' },
  name: { minWidth: '140px', textAlign: 'center' },
  table: { borderCollapse: 'separate', borderSpacing: '2px', tableLayout: 'fixed', width: '100%' },
  weekday: {
    textAlign: 'center',
    fontWeight: tokens.fontWeightRegular,
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground3,
  },
  cell: { padding: 0, height: '46px', verticalAlign: 'top' },
  day: {
    width: '100%',
    minWidth: 0,
    height: '46px',
    padding: '2px',
    flexDirection: 'column',
    gap: '2px',
    fontWeight: tokens.fontWeightRegular,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  chosen: {
    backgroundColor: tokens.colorNeutralBackground1Selected,
    outline: `2px solid ${tokens.colorBrandStroke1}`,
  },
  hidden: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
  },
  without: {
    textAlign: 'center',
    padding: '4px 2px',
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
  },
  signs: { display: 'flex', gap: '2px', alignItems: 'center', fontSize: tokens.fontSizeBase100 },
  legend: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: '16px',
    rowGap: '4px',
    margin: '8px 0 0',
    padding: 0,
    listStyleType: 'none',
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
  },
});

export function Month(props: {
  month: Date;
  onMonth: (month: Date) => void;
  /** The points of the month. */
  points: readonly Point[];
  day: Date | undefined;
  onDay: (day: Date) => void;
  /** Months without points before and after are not gone to. */
  oldest: Date;
  newest: Date;
}) {
  const { month, points } = props;
  const styles = useStyles();
  const t = useText(text);
  const time = useTime();
  const locale = LOCALE[useLanguage()];
  const arrows = useArrowNavigationGroup({ axis: 'grid' });
  const name = month.toLocaleDateString(locale, { year: 'numeric', month: 'long' });
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'short' });
  const weeks = weeksOf(month);
  return (
    <div>
      <div className={styles.head}>
        <Button
          appearance="subtle"
          icon={<ChevronLeftRegular />}
          aria-label={t.prev}
          disabled={month <= props.oldest}
          onClick={() => props.onMonth(nextMonth(month, -1))}
        />
        <Subtitle2 as="h3" className={styles.name} aria-live="polite">
          {name} ({time.zone(month)})
        </Subtitle2>
        <Button
          appearance="subtle"
          icon={<ChevronRightRegular />}
          aria-label={t.next}
          disabled={nextMonth(month) > props.newest}
          onClick={() => props.onMonth(nextMonth(month))}
        />
      </div>
      <table className={styles.table} aria-label={name} {...arrows}>
        <thead>
          <tr>
            {Array.from({ length: 7 }, (_, at) => (
              // The second of November 2026 is a Monday.
              <th key={at} scope="col" className={styles.weekday}>
                {weekday.format(new Date(2026, 10, 2 + at))}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week, at) => (
            <tr key={at}>
              {week.map((day, at) => (
                <td key={at} className={styles.cell}>
                  {day && (
                    <Day
                      day={day}
                      points={points.filter((point) =>
                        isSameDay(new Date(point.properties.recoveryPointTime), day),
                      )}
                      isChosen={isSameDay(day, props.day)}
                      onChoose={props.onDay}
                    />
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <ul className={styles.legend} aria-label={t.legend}>
        {TIERS.map((tier) => (
          <li key={tier}>
            <TierSign tier={tier} />
          </li>
        ))}
        {CONSISTENCIES.map((consistency) => (
          <li key={consistency}>
            <ConsistencySign of={consistency} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Day(props: {
  day: Date;
  points: readonly Point[];
  isChosen: boolean;
  onChoose: (day: Date) => void;
}) {
  const { day, points } = props;
  const styles = useStyles();
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  if (points.length === 0) return <div className={styles.without}>{day.getDate()}</div>;
  const tiers = TIERS.filter((tier) => points.some((point) => tierOf(point) === tier));
  const levels = CONSISTENCIES.filter((level) =>
    points.some((point) => point.properties.recoveryPointType === level),
  );
  const said = [
    time.day(day),
    t.count(points.length),
    ...tiers.map((tier) => terms.tier[tier]),
    ...levels.map((level) => terms.consistency[level]),
  ];
  return (
    <Button
      appearance="subtle"
      className={mergeClasses(styles.day, props.isChosen && styles.chosen)}
      aria-pressed={props.isChosen}
      onClick={() => props.onChoose(day)}
    >
      <span className={styles.hidden}>{said.join(', ')}</span>
      <span aria-hidden>{day.getDate()}</span>
      <span className={styles.signs} aria-hidden>
        {tiers.slice(0, 1).map((tier) => (
          <TierIcon key={tier} tier={tier} />
        ))}
        {levels.slice(-1).map((level) => (
          <ConsistencyIcon key={level} of={level} />
        ))}
        {points.length > 1 && points.length}
      </span>
    </Button>
  );
}
