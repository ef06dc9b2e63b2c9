/** Times as people read them. Every time names its zone. */
import { LOCALE, useLanguage } from './text';
import type { Language } from './text';

/** Azure's word for "never" is the beginning of the year 2001, or of the year 1. */
const NEVER = Date.UTC(2001, 0, 1);

const at = (language: Language, options: Intl.DateTimeFormatOptions) => {
  const format = new Intl.DateTimeFormat(LOCALE[language], options);
  return (time: string | Date | null | undefined) => {
    const date = time ? new Date(time) : undefined;
    return !date || Number.isNaN(date.valueOf()) || date.valueOf() <= NEVER
      ? '–'
      : format.format(date);
  };
};

const zoneOf = (language: Language) => {
  const format = new Intl.DateTimeFormat(LOCALE[language], { timeZoneName: 'short' });
  return (time: Date) =>
    format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? '';
};

const day = { year: 'numeric', month: 'short', day: 'numeric' } as const;
const clock = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const;

const made = new Map<Language, ReturnType<typeof make>>();

function make(language: Language) {
  const relative = new Intl.RelativeTimeFormat(LOCALE[language], { numeric: 'auto' });
  const steps = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
    ['second', 1],
  ] as const;
  return {
    /** A day and time with the zone: `23 Nov 2026, 18:00 UTC`. */
    moment: at(language, { ...day, ...clock }),
    /** A day and time to the second. */
    second: at(language, { ...day, ...clock, second: '2-digit' }),
    /** A day in the browser's zone, with that: `23 Nov 2026, UTC`. */
    day: at(language, { ...day, timeZoneName: 'short' }),
    /** A day by itself, as a field has it that says whose day it is. */
    plainDay: at(language, day),
    /** The browser's zone. */
    zone: zoneOf(language),
    /** A day that is one of UTC. */
    dayUtc: at(language, { ...day, timeZone: 'UTC' }),
    /** How long ago, or until when: `3 hours ago`. */
    ago(time: string | Date, now = Date.now()) {
      const seconds = (new Date(time).valueOf() - now) / 1000;
      const [unit, length] =
        steps.find(([, s]) => Math.abs(seconds) >= s) ?? (['second', 1] as const);
      return relative.format(Math.trunc(seconds / length), unit);
    },
  };
}

/** Ways of writing times in the language that is spoken. */
export function useTime() {
  const language = useLanguage();
  let found = made.get(language);
  if (!found) made.set(language, (found = make(language)));
  return found;
}

/** Seconds of a duration as ARM writes it: `1.02:03:04.5`. */
export function seconds(duration: string | undefined): number | undefined {
  const match = /^(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(duration ?? '');
  if (!match) return undefined;
  const [, days = '0', hours = '0', minutes = '0', rest = '0'] = match;
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(rest);
}

/** `1:02:03`, or `02:03`. */
export function lasting(seconds: number | undefined): string {
  if (seconds === undefined) return '–';
  const whole = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}
