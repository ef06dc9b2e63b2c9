/** Days and months of a calendar, in the browser's zone: that in which times are shown. */

export const monthOf = (date: Date) => new Date(date.getFullYear(), date.getMonth(), 1);
export const nextMonth = (month: Date, by = 1) =>
  new Date(month.getFullYear(), month.getMonth() + by, 1);

export const isSameDay = (a: Date | undefined, b: Date | undefined) =>
  a !== undefined && b !== undefined && a.toDateString() === b.toDateString();

/** A month's days by weeks that begin on Monday; undefined where other months' days would be. */
export function weeksOf(month: Date): (Date | undefined)[][] {
  const days = new Date(month.getFullYear(), month.getMonth() + 1, 0).getDate();
  const before = (month.getDay() + 6) % 7;
  // Always six weeks, so that nothing moves when another month is shown.
  return Array.from({ length: 6 }, (_, week) =>
    Array.from({ length: 7 }, (_, weekday) => {
      const day = week * 7 + weekday - before + 1;
      return day < 1 || day > days
        ? undefined
        : new Date(month.getFullYear(), month.getMonth(), day);
    }),
  );
}
