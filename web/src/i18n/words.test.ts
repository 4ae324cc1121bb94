import { expect, test } from 'vitest';
import * as common from './common';
import * as peer from './peer';
import * as tracker from './tracker';

const parts = { common, peer, tracker };

/** The values that a text has room for. */
function valuesOf(text: string): string[] {
  return [...new Set([...text.matchAll(/\{(\w+)/g)].map((found) => found[1]!))].sort();
}

test('no key has words in two places', () => {
  const keys = Object.values(parts).flatMap(({ en }) => Object.keys(en));
  expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
});

test('no text is empty, and none asks for a value that the other language does not have', () => {
  for (const { en, vi } of Object.values(parts)) {
    for (const [key, english] of Object.entries(en)) {
      const vietnamese = vi[key as keyof typeof vi] as string;
      expect(english && vietnamese, key).not.toBe('');
      const known = valuesOf(english);
      expect(
        valuesOf(vietnamese).filter((value) => !known.includes(value)),
        key,
      ).toEqual([]);
    }
  }
});
