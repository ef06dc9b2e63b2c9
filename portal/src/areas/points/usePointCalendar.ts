/** The state of a calendar of points: its month, its day, and their points. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Item } from '../../api/items';
import { pointsBetweenQuery } from '../../api/points';
import type { Point } from '../../api/points';
import { isSameDay, monthOf, nextMonth } from './days';

const NONE: Point[] = [];

/** `fit` says which points are wanted. It begins at `first`, else at the newest point. */
export function usePointCalendar(item: Item, fit: (point: Point) => boolean, first?: Date) {
  const { extendedInfo: info, lastRecoveryPoint } = item.properties;
  const newest = info.newestRecoveryPoint ?? lastRecoveryPoint;
  const last = newest ? new Date(newest) : undefined;
  const [chosen, setDay] = useState<Date>();
  const [turned, setMonth] = useState<Date>();
  const day = chosen ?? first ?? last;
  const month = turned ?? monthOf(day ?? new Date());
  const found = useQuery({
    ...pointsBetweenQuery(item.id, month, new Date(nextMonth(month).valueOf() - 1)),
    placeholderData: keepPreviousData,
  });
  const points = (found.data ?? NONE).filter(fit);
  return {
    month,
    setMonth,
    day,
    setDay,
    points,
    ofDay: points.filter((p) => isSameDay(new Date(p.properties.recoveryPointTime), day)),
    oldest: info.oldestRecoveryPoint ? new Date(info.oldestRecoveryPoint) : month,
    newest: last ?? month,
    error: found.error,
    refetch: () => void found.refetch(),
  };
}
