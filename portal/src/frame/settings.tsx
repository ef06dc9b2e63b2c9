/** What a person chose for this browser: language and theme. They are kept in its storage. */
import { createContext, useContext, useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { LANGUAGES, LanguageContext, preferred } from '../text/text';
import type { Language } from '../text/text';
import { speak } from '../text/words';

export type Theme = 'system' | 'light' | 'dark';

interface Settings {
  theme: Theme;
  isDark: boolean;
  language: Language;
  setTheme: (theme: Theme) => void;
  setLanguage: (language: Language) => void;
}

const SettingsContext = createContext<Settings | undefined>(undefined);

export function useSettings(): Settings {
  const settings = useContext(SettingsContext);
  if (!settings) throw new Error('no settings around');
  return settings;
}

/** Storage may be forbidden, and is not needed. */
function read(key: string): string | null {
  try {
    return localStorage.getItem(`stillpoint.${key}`);
  } catch {
    return null;
  }
}

function write(key: string, value: string) {
  try {
    localStorage.setItem(`stillpoint.${key}`, value);
  } catch {
    // Then it is chosen anew next time.
  }
}

const night = matchMedia('(prefers-color-scheme: dark)');

function firstTheme(): Theme {
  const kept = read('theme');
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** The language that was chosen in this browser, or else what the browser asks for. */
export function firstLanguage(): Language {
  const kept = read('language');
  return kept && kept in LANGUAGES ? (kept as Language) : preferred(navigator.languages);
}

export function SettingsProvider({ children }: { children: ReactNode }) {
  const [theme, setTheme] = useState<Theme>(firstTheme);
  const [language, setLanguage] = useState<Language>(firstLanguage);
  const [isNight, setIsNight] = useState(night.matches);
  useEffect(() => {
    const changed = () => setIsNight(night.matches);
    night.addEventListener('change', changed);
    return () => night.removeEventListener('change', changed);
  }, []);
  const isDark = theme === 'dark' || (theme === 'system' && isNight);
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.style.colorScheme = isDark ? 'dark' : 'light';
  }, [language, isDark]);
  const settings = useMemo(
    () => ({
      theme,
      isDark,
      language,
      setTheme: (theme: Theme) => (write('theme', theme), setTheme(theme)),
      setLanguage: (language: Language) => {
        write('language', language);
        void speak(language).then(() => setLanguage(language));
      },
    }),
    [theme, isDark, language],
  );
  return (
    <SettingsContext value={settings}>
      <LanguageContext value={language}>{children}</LanguageContext>
    </SettingsContext>
  );
}
