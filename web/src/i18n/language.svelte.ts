// The page's language, and its words.
import * as common from './common';
import * as peer from './peer';
import * as tracker from './tracker';

const en = { ...common.en, ...peer.en, ...tracker.en };
const vi = { ...common.vi, ...peer.vi, ...tracker.vi };

export type Language = 'en' | 'vi';
export type Key = keyof typeof en;

const storage = 'shoal-language';
const messages: Record<Language, Record<Key, string>> = { en, vi };

function preferred(): Language {
  const stored = localStorage.getItem(storage);
  if (stored === 'en' || stored === 'vi') return stored;
  for (const tag of navigator.languages) {
    if (tag.startsWith('vi')) return 'vi';
    if (tag.startsWith('en')) return 'en';
  }
  return 'en';
}

class CurrentLanguage {
  current = $state<Language>(preferred());

  constructor() {
    document.documentElement.lang = this.current;
  }

  choose(language: Language) {
    this.current = language;
    localStorage.setItem(storage, language);
    document.documentElement.lang = language;
  }
}

export const language = new CurrentLanguage();

/**
 * The words for a key, in the current language. `{name}` stands for a value, `{n|file|files}` for
 * the first form where n is 1 and the second elsewhere.
 */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return messages[language.current][key].replace(
    /\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g,
    (_, name: string, one: string | undefined, other: string | undefined) => {
      const value = values[name];
      if (one === undefined) return String(value ?? '');
      return Number(value) === 1 ? one : (other ?? '');
    },
  );
}
