/** Weekdays, weeks of a month and months: the API's names, and people's words for them. */
import { LOCALE, texts, useLanguage, useText } from '../../text/text';
import type { Language } from '../../text/text';

export const WEEKDAYS = [
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'Sunday',
] as const;
export const WEEKS = ['First', 'Second', 'Third', 'Fourth', 'Last'] as const;
export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

export type Weekday = (typeof WEEKDAYS)[number];
export type Week = (typeof WEEKS)[number];
export type Month = (typeof MONTHS)[number];
/** A day of a month that every month has: 1 to 28, or 0 for the last one. */
export type MonthDay = number;

/** Stands for the last day of a month. */
export const LAST: MonthDay = 0;
/** In the order that they are shown in. */
export const MONTH_DAYS: readonly MonthDay[] = [
  ...Array.from({ length: 28 }, (_, at) => at + 1),
  LAST,
];

const text = texts({
  en: {
    weeks: { First: 'First', Second: 'Second', Third: 'Third', Fourth: 'Fourth', Last: 'Last' },
    lastDay: 'Last',
    dayOf: (day: number) => `${day}`,
    and: ', ',
  },
  'zh-Hant': {
    weeks: {
      First: '第一個',
      Second: '第二個',
      Third: '第三個',
      Fourth: '第四個',
      Last: '最後一個',
    },
    lastDay: '最後一天',
    dayOf: (day: number) => `${day} 日`,
    and: '、',
  },
  'zh-Hans': {
    weeks: {
      First: '第一个',
      Second: '第二个',
      Third: '第三个',
      Fourth: '第四个',
      Last: '最后一个',
    },
    lastDay: '最后一天',
    dayOf: (day: number) => `${day} 日`,
    and: '、',
  },
});

const made = new Map<Language, ReturnType<typeof make>>();

function make(language: Language) {
  const named = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(LOCALE[language], { ...options, timeZone: 'UTC' });
  const weekday = named({ weekday: 'long' });
  const short = named({ weekday: 'short' });
  const month = named({ month: 'long' });
  // 1 January 2024 was a Monday.
  const day = (name: Weekday) => new Date(Date.UTC(2024, 0, 1 + WEEKDAYS.indexOf(name)));
  return {
    weekday: (name: Weekday) => weekday.format(day(name)),
    weekdayShort: (name: Weekday) => short.format(day(name)),
    month: (name: Month) => month.format(new Date(Date.UTC(2024, MONTHS.indexOf(name), 1))),
  };
}

/** Ways of naming days, weeks and months in the language that is spoken. */
export function useCalendar() {
  const t = useText(text);
  const language = useLanguage();
  let found = made.get(language);
  if (!found) made.set(language, (found = make(language)));
  return {
    ...found,
    week: (name: Week) => t.weeks[name],
    monthDay: (day: MonthDay) => (day === LAST ? t.lastDay : t.dayOf(day)),
    /** Several of them, one after the other. */
    list: (words: string[]) => words.join(t.and),
  };
}

export type Calendar = ReturnType<typeof useCalendar>;

/** Those of `all` that are in `some`, in the order of `all`. */
export const inOrder = <T>(all: readonly T[], some: readonly T[]) =>
  all.filter((one) => some.includes(one));
