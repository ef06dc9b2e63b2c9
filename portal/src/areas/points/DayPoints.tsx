/** The points of a day, beside the calendar that it was chosen in. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { HistoryRegular } from '@fluentui/react-icons';
import type { Point } from '../../api/points';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { ConsistencyOf, TierOf } from './signs';
import { text } from './text';
import { rulesText } from './usePointColumns';

const useStyles = makeStyles({
  list: {
    listStyleType: 'none',
    margin: 0,
    padding: 0,
    maxHeight: '420px',
    overflowY: 'auto',
  },
  point: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) auto',
    alignItems: 'center',
    columnGap: '12px',
    padding: '8px 4px',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  time: { fontWeight: tokens.fontWeightSemibold },
  signs: { display: 'flex', flexWrap: 'wrap', columnGap: '20px' },
  small: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

export function DayPoints(props: {
  label: string;
  points: readonly Point[];
  keepsForEver: boolean;
  restore: (point: Point) => void;
  /** Why it can't be restored from any. */
  refused?: string;
}) {
  const { refused } = props;
  const styles = useStyles();
  const t = useText(text);
  const time = useTime();
  return (
    <ul className={styles.list} aria-label={props.label}>
      {props.points.map((point) => {
        const { recoveryPointTime, recoveryPointProperties: of } = point.properties;
        const expiry = props.keepsForEver ? t.never : time.moment(of.expiryTime);
        return (
          <li key={point.name} className={styles.point}>
            <div>
              <div className={styles.time}>{time.second(recoveryPointTime)}</div>
              <div className={styles.signs}>
                <TierOf point={point} />
                <ConsistencyOf point={point} />
              </div>
              <div className={styles.small}>
                {t.expiry}: {expiry} · {t.rule}: {rulesText(of.ruleName, t.rules)}
              </div>
            </div>
            <Button
              size="small"
              icon={<HistoryRegular />}
              title={refused}
              disabledFocusable={refused !== undefined}
              aria-label={t.restoreFrom(time.second(recoveryPointTime))}
              onClick={() => refused === undefined && props.restore(point)}
            >
              {t.restore}
            </Button>
          </li>
        );
      })}
    </ul>
  );
}
