/** The calendar of a {@link DateField}, in the language that is spoken. */
import { DatePicker } from '@fluentui/react-datepicker-compat';
import type { CalendarStrings, DatePickerProps } from '@fluentui/react-datepicker-compat';
import { useMemo } from 'react';
import { LOCALE, texts, useLanguage, useText } from '../text/text';
import { useTime } from '../text/time';
import type { DateFieldProps } from './DateField';

const text = texts({
  en: {
    choose: 'Choose a day',
    today: 'Go to today',
    prevMonth: 'Previous month',
    nextMonth: 'Next month',
    prevYear: 'Previous year',
    nextYear: 'Next year',
    prevYears: 'Earlier years',
    nextYears: 'Later years',
    changeYear: '{0}, select to change the year',
    changeMonth: '{0}, select to change the month',
    close: 'Close the calendar',
    week: 'Week {0}',
    selected: 'Selected day {0}',
    todayIs: 'Today is {0}',
  },
  'zh-Hant': {
    choose: '選擇日期',
    today: '移至今天',
    prevMonth: '上個月',
    nextMonth: '下個月',
    prevYear: '上一年',
    nextYear: '下一年',
    prevYears: '較早的年份',
    nextYears: '較晚的年份',
    changeYear: '{0}，選取以變更年份',
    changeMonth: '{0}，選取以變更月份',
    close: '關閉行事曆',
    week: '第 {0} 週',
    selected: '選取的日期 {0}',
    todayIs: '今天是 {0}',
  },
  'zh-Hans': {
    choose: '选择日期',
    today: '转到今天',
    prevMonth: '上个月',
    nextMonth: '下个月',
    prevYear: '上一年',
    nextYear: '下一年',
    prevYears: '更早的年份',
    nextYears: '更晚的年份',
    changeYear: '{0}，选择以更改年份',
    changeMonth: '{0}，选择以更改月份',
    close: '关闭日历',
    week: '第 {0} 周',
    selected: '所选日期 {0}',
    todayIs: '今天是 {0}',
  },
});

/** Names of months and days in a language, as its calendar writes them. */
function names(locale: string) {
  const month = (style: 'long' | 'short') => {
    const format = new Intl.DateTimeFormat(locale, { month: style });
    return Array.from({ length: 12 }, (_, at) => format.format(new Date(2026, at, 1)));
  };
  const day = (style: 'long' | 'narrow') => {
    const format = new Intl.DateTimeFormat(locale, { weekday: style });
    // The first of November 2026 is a Sunday.
    return Array.from({ length: 7 }, (_, at) => format.format(new Date(2026, 10, 1 + at)));
  };
  return {
    months: month('long'),
    shortMonths: month('short'),
    days: day('long'),
    shortDays: day('narrow'),
  };
}

const MONDAY = 1 as DatePickerProps['firstDayOfWeek'];

export default function DatePicked(props: DateFieldProps) {
  const t = useText(text);
  const time = useTime();
  const locale = LOCALE[useLanguage()];
  const strings = useMemo(
    (): CalendarStrings => ({
      ...names(locale),
      goToToday: t.today,
      prevMonthAriaLabel: t.prevMonth,
      nextMonthAriaLabel: t.nextMonth,
      prevYearAriaLabel: t.prevYear,
      nextYearAriaLabel: t.nextYear,
      prevYearRangeAriaLabel: t.prevYears,
      nextYearRangeAriaLabel: t.nextYears,
      monthPickerHeaderAriaLabel: t.changeYear,
      yearPickerHeaderAriaLabel: t.changeMonth,
      closeButtonAriaLabel: t.close,
      weekNumberFormatString: t.week,
      selectedDateFormatString: t.selected,
      todayDateFormatString: t.todayIs,
    }),
    [locale, t],
  );
  return (
    <DatePicker
      value={props.value ?? null}
      minDate={props.min}
      maxDate={props.max}
      onSelectDate={(date) => props.onChange(date ?? undefined)}
      formatDate={(date) => (date ? time.plainDay(date) : '')}
      strings={strings}
      firstDayOfWeek={MONDAY}
      showMonthPickerAsOverlay
      placeholder={t.choose}
    />
  );
}
