/** Bytes and counts as people read them. */
import { LOCALE, useLanguage } from './text';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Ways of writing numbers in the language that is spoken. */
export function useNumbers() {
  const locale = LOCALE[useLanguage()];
  return {
    /** `12,345`. */
    count: (n: number) => n.toLocaleString(locale),
    /** A rate with all the digits that it may have. */
    rate: (n: number) => n.toLocaleString(locale, { maximumFractionDigits: 6 }),
    /** `1.5 GiB`: three digits at least are told. */
    bytes(n: number | null | undefined) {
      if (n === null || n === undefined) return '–';
      let unit = 0;
      while (n >= 1024 && unit < UNITS.length - 1) {
        n /= 1024;
        unit++;
      }
      const digits = unit && n < 10 ? 2 : unit && n < 100 ? 1 : 0;
      return `${n.toLocaleString(locale, { maximumFractionDigits: digits })} ${UNITS[unit]}`;
    },
    /** `37 %`. */
    percent: (share: number) =>
      share.toLocaleString(locale, { style: 'percent', maximumFractionDigits: 1 }),
  };
}
