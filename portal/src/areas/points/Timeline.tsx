/** An item's points on a line of time: a lane for each tier, a sign for each consistency. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { Point } from '../../api/points';
import { usePhone } from '../../frame/width';
import { LOCALE, useLanguage, useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import { useTime } from '../../text/time';
import { CONSISTENCIES, ConsistencyIcon, ConsistencySign, TIERS, TierSign } from './signs';
import { DAY, marksOf, placeOf, spanOf } from './timeline';
import type { Mark } from './timeline';
import { text } from './text';

/** How many marks have room beside each other. */
const ROOM = { desk: 56, phone: 14 };

/** Ages that are written at the line. */
const AGES = [
  { unit: 'day', count: 1, days: 1 },
  { unit: 'week', count: 1, days: 7 },
  { unit: 'month', count: 1, days: 30 },
  { unit: 'month', count: 3, days: 91 },
  { unit: 'year', count: 1, days: 365 },
  { unit: 'year', count: 10, days: 3652 },
] as const;
/** Nearer to an end of the line than this share of it there is no room for words. */
const EDGE = { desk: 0.08, phone: 0.24 };

const useStyles = makeStyles({
  all: { margin: '0 0 16px' },
  lanes: {
    display: 'grid',
    gridTemplateColumns: 'max-content minmax(0, 1fr)',
    columnGap: '20px',
    alignItems: 'center',
    fontSize: tokens.fontSizeBase200,
  },
  lane: {
    position: 'relative',
    height: '26px',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  mark: {
    position: 'absolute',
    top: '5px',
    height: '16px',
    lineHeight: 0,
    transform: 'translateX(-50%)',
  },
  ages: { position: 'relative', height: '20px', color: tokens.colorNeutralForeground3 },
  age: { position: 'absolute', top: '2px', transform: 'translateX(-50%)', whiteSpace: 'nowrap' },
  now: { position: 'absolute', top: '2px', right: 0 },
  note: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: '4px 20px',
    margin: '4px 0 0',
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
  },
});

export function Timeline({ points }: { points: readonly Point[] }) {
  const styles = useStyles();
  const t = useText(text);
  const time = useTime();
  const isPhone = usePhone();
  const relative = new Intl.RelativeTimeFormat(LOCALE[useLanguage()]);
  const [now] = useState(Date.now);
  const size = isPhone ? 'phone' : 'desk';
  const span = spanOf(points, now);
  const marks = marksOf(points, now, ROOM[size]);
  const lanes = TIERS.filter((tier) => marks.some((mark) => mark.tier === tier));
  const ages = AGES.map((age) => ({ ...age, at: placeOf(age.days * DAY, span) }));
  const has = (at: number) => at >= 0 && at < 1 - EDGE[size];
  return (
    <figure className={styles.all} aria-label={t.timeline}>
      <div className={styles.lanes} aria-hidden>
        {lanes.map((tier) => (
          <Lane key={tier} marks={marks.filter((mark) => mark.tier === tier)} />
        ))}
        <span />
        <div className={styles.ages}>
          {ages
            // The next one must be far enough away for both to be read.
            .filter(({ at }, i) => has(at) && (ages[i - 1]?.at ?? 1) - at >= EDGE[size])
            .map(({ unit, count, at }) => (
              <span key={`${unit}${count}`} className={styles.age} style={{ left: `${at * 100}%` }}>
                {relative.format(-count, unit)}
              </span>
            ))}
          <span className={styles.now}>{t.now}</span>
        </div>
      </div>
      <figcaption className={styles.note}>
        <span>{t.since(t.count(points.length), time.moment(new Date(now - span)))}</span>
        {CONSISTENCIES.filter((of) =>
          points.some((point) => point.properties.recoveryPointType === of),
        ).map((of) => (
          <ConsistencySign key={of} of={of} />
        ))}
      </figcaption>
    </figure>
  );
}

function Lane({ marks }: { marks: readonly Mark[] }) {
  const styles = useStyles();
  const words = useMarkWords();
  const [first] = marks;
  if (!first) return null;
  return (
    <>
      <TierSign tier={first.tier} />
      <div className={styles.lane}>
        {marks.map((mark) => (
          <span
            key={mark.at}
            className={styles.mark}
            style={{ left: `${mark.at * 100}%` }}
            title={words(mark)}
          >
            <ConsistencyIcon of={mark.consistency} />
          </span>
        ))}
      </div>
    </>
  );
}

/** What is said of a mark under the pointer. */
function useMarkWords() {
  const t = useText(text);
  const terms = useTerms();
  const time = useTime();
  return ({ tier, consistency, points }: Mark) => {
    const times = points.map((point) => time.moment(point.properties.recoveryPointTime));
    const from = times.length > 1 ? `${times.at(-1)} – ` : '';
    const kinds = [terms.tier[tier], terms.consistency[consistency], t.count(points.length)];
    return `${from}${times[0]}: ${kinds.join(', ')}`;
  };
}
