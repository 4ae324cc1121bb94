import { expect, test } from 'vitest';
import { columnOf, copiesOf, heldByColumn, kindsOf, leastByColumn, wordsOfRanges } from './pieces';

test('copies are counted piece by piece', () => {
  const copies = copiesOf(6, [[[0, 2]], [[2, 4]], [[2, 2]]]);
  expect([...copies]).toEqual([1, 1, 3, 1, 1, 0]);
  expect([...kindsOf(Uint16Array.of(0, 1, 2, 3, 4, 90))]).toEqual([0, 1, 2, 2, 3, 3]);
});

test('ranges beyond the last piece are cut off', () => {
  expect([...copiesOf(3, [[[1, 99]]])]).toEqual([0, 1, 1]);
  expect([...heldByColumn([[1, 99]], 3, 3)]).toEqual([0, 1, 1]);
});

test('columns cover every piece once, and show each when there are fewer pieces', () => {
  const covered = Array.from({ length: 7 }, (_, column) => columnOf(column, 7, 100)).flat();
  expect(covered[0]).toBe(0);
  expect(covered.at(-1)).toBe(100);
  for (let i = 1; i < 13; i += 2) expect(covered[i]).toBe(covered[i + 1]);
  expect(columnOf(3, 8, 4)).toEqual([1, 2]);
});

test('a column is held by as much as is there of its pieces', () => {
  expect([...heldByColumn([[0, 4]], 10, 2)]).toEqual([1, 0]);
  expect(heldByColumn([[0, 0]], 10, 2)[0]).toBeCloseTo(0.2);
  expect([...heldByColumn([[0, 1], [3, 3]], 4, 4)]).toEqual([1, 1, 0, 1]); // prettier-ignore
});

test('a column is as rare as its rarest piece', () => {
  expect([...leastByColumn(Uint16Array.of(3, 0, 2, 2), 2)]).toEqual([0, 2]);
});

test('ranges are told in words, the first ones', () => {
  expect(wordsOfRanges([[0, 4], [7, 7]])).toBe('0–4, 7'); // prettier-ignore
  expect(wordsOfRanges([[0, 0], [2, 2], [4, 4]], 2)).toBe('0, 2 …'); // prettier-ignore
});
