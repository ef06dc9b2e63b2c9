/**
 * Languages. Each area has its texts beside it, in all three; English says which there are. The
 * build takes the others out (`words.ts`).
 */
import { createContext, useContext } from 'react';

/** BCP 47, by script: traditional and simplified Chinese. */
export const LANGUAGES = {
  en: 'English',
  'zh-Hant': '繁體中文',
  'zh-Hans': '简体中文',
} as const;

export type Language = keyof typeof LANGUAGES;

/** What `Intl` wants: with the region whose ways of writing dates the language has. */
export const LOCALE: Record<Language, string> = {
  en: 'en-GB',
  'zh-Hant': 'zh-TW',
  'zh-Hans': 'zh-CN',
};

/** Texts of the same names; a text with parts is a function. */
type Like<T> = {
  [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : Like<T[K]>;
};

/** An area's texts. */
export type Texts<T> = { en: T } & { [L in Exclude<Language, 'en'>]: Like<T> };

/** Says that three sets of texts belong together. */
export const texts = <T,>(of: Texts<T>) => of;

export const LanguageContext = createContext<Language>('en');

/** The language that is spoken. */
export const useLanguage = () => useContext(LanguageContext);

/** An area's texts in the language that is spoken, or in English while they are not there. */
export function useText<T>(of: Texts<T>): Like<T> {
  return (of[useLanguage()] ?? of.en) as Like<T>;
}

/** The language that fits what the browser asks for. */
export function preferred(asked: readonly string[]): Language {
  for (const tag of asked) {
    const low = tag.toLowerCase();
    if (low.startsWith('en')) return 'en';
    if (/^zh\b.*(hant|tw|hk|mo)/.test(low)) return 'zh-Hant';
    if (low.startsWith('zh')) return 'zh-Hans';
  }
  return 'en';
}
