/** Which services a word stands for, in whichever language that is loaded it is typed. */
import type { Service } from './services';
import { text } from './text';

/** Whether a service is meant: by its name in such a language, or another word for it. */
export function isMeant({ name, also = '' }: Service, typed: string): boolean {
  const low = typed.trim().toLowerCase();
  const languages: ((typeof text)['en'] | undefined)[] = Object.values(text);
  const names = languages.flatMap((of) => (of ? [of[name]] : []));
  return [also, ...names].some((w) => w.toLowerCase().includes(low));
}
