/** Which services a word stands for, in whichever language it is typed. */
import type { Service } from './services';
import { text } from './text';

const LANGUAGES = Object.values(text);

/** Whether a service is meant: by its name in any language, or another word for it. */
export function isMeant({ name, also = '' }: Service, typed: string): boolean {
  const low = typed.trim().toLowerCase();
  return [also, ...LANGUAGES.map((of) => of[name])].some((w) => w.toLowerCase().includes(low));
}
