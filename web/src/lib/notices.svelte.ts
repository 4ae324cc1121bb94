// What went wrong or was done, told at the edge of the page, and questions before what cannot be
// undone.
import { Problem } from '../api/client';
import { t } from '../i18n/language.svelte';

export interface Notice {
  id: number;
  kind: 'error' | 'done';
  text: string;
}

export interface Question {
  title: string;
  text: string;
  /** What the button says that does it. */
  action: string;
  danger?: boolean;
  /** A box to tick, with its words. */
  option?: string;
}

export interface Answer {
  yes: boolean;
  option: boolean;
}

/** The words for an error of any kind. */
export function wordsOf(error: unknown): string {
  if (error instanceof Problem) return error.message;
  if (error instanceof TypeError) return t('error.unreachable');
  return error instanceof Error ? error.message : String(error);
}

class Notices {
  list = $state<Notice[]>([]);
  #next = 1;

  error(error: unknown) {
    this.#add('error', wordsOf(error));
  }

  done(text: string) {
    const id = this.#add('done', text);
    setTimeout(() => this.dismiss(id), 5000);
  }

  dismiss(id: number) {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  #add(kind: Notice['kind'], text: string): number {
    const id = this.#next++;
    this.list = [...this.list.filter((notice) => notice.text !== text), { id, kind, text }].slice(
      -5,
    );
    return id;
  }
}

export const notices = new Notices();

class Questions {
  current = $state<Question | null>(null);
  #resolve: (answer: Answer) => void = () => {};

  /** Asks, one question at a time. */
  ask(question: Question): Promise<Answer> {
    this.#resolve({ yes: false, option: false });
    this.current = question;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  answer(answer: Answer) {
    this.current = null;
    this.#resolve(answer);
    this.#resolve = () => {};
  }
}

export const questions = new Questions();

/** Does something and tells of its error; whether it went well. */
export async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    notices.error(error);
    return false;
  }
}
