/** Nouns with numbers in English; Chinese has one form for all. */
import { LOCALE } from './text';

const rules = new Intl.PluralRules('en');

/** `day` for one, else `days`. A number that is written already stands for itself. */
export const plural = (n: number | string, one: string, many = `${one}s`) =>
  rules.select(Number(n)) === 'one' ? one : many;

/** `1 day`, `1,200 days`. */
export const counted = (n: number | string, one: string, many?: string) =>
  `${n.toLocaleString(LOCALE.en)} ${plural(n, one, many)}`;
