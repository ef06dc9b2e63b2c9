/**
 * Texts of languages beside English, once they are loaded. The build has taken them out of the
 * areas' files (`words.ts` beside `vite.config.ts`): those of the frame and of Home come first, the
 * rest with the first page that is another.
 */
import type { Language } from './text';

type Words = Record<string, unknown>;
type Part = 'first' | 'rest';

const sources: Record<string, Record<Part, () => Promise<{ default: Words }>>> = {
  'zh-Hant': {
    first: () => import('virtual:words/zh-Hant/first'),
    rest: () => import('virtual:words/zh-Hant/rest'),
  },
  'zh-Hans': {
    first: () => import('virtual:words/zh-Hans/first'),
    rest: () => import('virtual:words/zh-Hans/rest'),
  },
};

const loaded = new Map<string, Words>();
let spoken: Language = 'en';
let needed: Part[] = ['first'];

/** The texts of a file in a language; what is made of `texts` calls this. */
export const wordsOf = (language: string, file: string) => loaded.get(language)?.[file];

/** Loads what is needed of a language; where that can't be done, English is spoken. */
async function load(language: Language) {
  const parts = needed.map((part) => sources[language]?.[part]().catch(() => undefined));
  const words = (await Promise.all(parts)).map((part) => part?.default);
  loaded.set(language, Object.assign({}, loaded.get(language), ...words));
}

/** Loads the texts of the language that is spoken from now on. */
export async function speak(language: Language) {
  await load(language);
  spoken = language;
}

/** A page with its texts. */
export async function withWords<T>(page: Promise<T>): Promise<T> {
  needed = ['first', 'rest'];
  await load(spoken);
  return page;
}
