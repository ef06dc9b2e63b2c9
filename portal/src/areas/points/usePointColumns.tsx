/** The columns of a list of points. */
import { Button } from '@fluentui/react-components';
import { HistoryRegular } from '@fluentui/react-icons';
import { useMemo } from 'react';
import { tierOf } from '../../api/points';
import type { Point } from '../../api/points';
import type { Column } from '../../parts/Table';
import { word } from '../../text/terms';
import { useText } from '../../text/text';
import { useTime } from '../../text/time';
import { ConsistencyOf, TierOf } from './signs';
import { text } from './text';

/** `refused` says why it can't be restored from any. */
export function usePointColumns(
  restore: (point: Point) => void,
  refused: string | undefined,
  keepsForEver: boolean,
): Column<Point>[] {
  const t = useText(text);
  const time = useTime();
  return useMemo(
    () => [
      {
        key: 'time',
        label: t.time,
        cell: (point) => time.second(point.properties.recoveryPointTime),
        by: (point) => point.properties.recoveryPointTime,
        width: 1.4,
      },
      {
        key: 'consistency',
        label: t.consistency,
        cell: (point) => <ConsistencyOf point={point} />,
        by: (point) => point.properties.recoveryPointType,
        width: 1.3,
      },
      {
        key: 'tier',
        label: t.tier,
        cell: (point) => <TierOf point={point} />,
        by: (point) => tierOf(point),
        width: 1.2,
      },
      {
        key: 'expiry',
        label: t.expiry,
        cell: ({ properties: { recoveryPointProperties: of } }) =>
          keepsForEver ? t.never : time.moment(of.expiryTime),
        by: (point) => point.properties.recoveryPointProperties.expiryTime ?? '',
        width: 1.2,
      },
      {
        key: 'rule',
        label: t.rule,
        cell: (point) => rulesText(point.properties.recoveryPointProperties.ruleName, t.rules),
        by: (point) => point.properties.recoveryPointProperties.ruleName,
      },
      {
        key: 'restore',
        label: t.restore,
        isLabelHidden: true,
        cell: (point) => (
          <Button
            size="small"
            appearance="subtle"
            icon={<HistoryRegular />}
            title={refused}
            disabledFocusable={refused !== undefined}
            aria-label={t.restoreFrom(time.second(point.properties.recoveryPointTime))}
            onClick={() => refused === undefined && restore(point)}
          >
            {t.restore}
          </Button>
        ),
        width: '108px',
      },
    ],
    [t, time, restore, refused, keepsForEver],
  );
}

/** `Daily, Monthly` in the language that is spoken. */
export const rulesText = (names: string, words: Record<string, string>) =>
  names
    .split(', ')
    .map((name) => word(words, name))
    .join(', ');
