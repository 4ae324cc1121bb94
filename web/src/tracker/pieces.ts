// Who has which piece, as counts and as columns of a map.
import { type Range } from '../lib/ranges';

/** How many have each piece. */
export function copiesOf(pieces: number, holders: readonly (readonly Range[])[]): Uint16Array {
  const steps = new Int32Array(pieces + 1);
  for (const ranges of holders) {
    for (const [first, last] of ranges) {
      steps[first]! += 1;
      steps[Math.min(last, pieces - 1) + 1]! -= 1;
    }
  }
  const copies = new Uint16Array(pieces);
  let now = 0;
  for (let i = 0; i < pieces; i++) copies[i] = now += steps[i]!;
  return copies;
}

/** The kinds of availability, from the worst to the best. */
export const kinds = ['none', 'rare', 'some', 'many'] as const;

/** For each piece the place of its kind in the list above. */
export function kindsOf(copies: Uint16Array): Uint16Array {
  return copies.map((count) => (count < 2 ? count : count < 4 ? 2 : 3));
}

/** Pieces from `first` to before `end` share a column; never none. */
export function columnOf(column: number, columns: number, pieces: number): [number, number] {
  const first = Math.floor((column * pieces) / columns);
  return [first, Math.max(first + 1, Math.floor(((column + 1) * pieces) / columns))];
}

/** For each column how much of it is held, 0 to 1. */
export function heldByColumn(ranges: readonly Range[], pieces: number, columns: number) {
  const before = new Float64Array(pieces + 1);
  for (const [first, last] of ranges) before.fill(1, first + 1, Math.min(last, pieces - 1) + 2);
  for (let i = 1; i <= pieces; i++) before[i]! += before[i - 1]!;
  return Float32Array.from({ length: columns }, (_, column) => {
    const [first, end] = columnOf(column, columns, pieces);
    return (before[end]! - before[first]!) / (end - first);
  });
}

/** For each column its least value. */
export function leastByColumn(values: Uint16Array, columns: number): Uint16Array {
  return Uint16Array.from({ length: columns }, (_, column) => {
    const [first, end] = columnOf(column, columns, values.length);
    return values.subarray(first, end).reduce((least, value) => Math.min(least, value), 65535);
  });
}

/** "0–4, 7, 9–12 …": the first ones. */
export function wordsOfRanges(ranges: readonly Range[], most = 12): string {
  const words = ranges
    .slice(0, most)
    .map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`));
  return words.join(', ') + (ranges.length > most ? ' …' : '');
}
