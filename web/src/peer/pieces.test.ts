import { expect, test } from 'vitest';
import { kinds, pieceMapOf, rarity } from './pieces';

test('how rare a piece is goes by those who are connected', () => {
  expect(rarity(0, 4)).toBe('unavailable');
  expect(rarity(1, 4)).toBe('rare');
  expect(rarity(2, 4)).toBe('some');
  expect(rarity(3, 4)).toBe('common');
  expect(rarity(1, 1)).toBe('common');
});

test('what is here or on its way goes before how rare it is', () => {
  const map = pieceMapOf({
    pieces: 6,
    piece_length: 16384,
    have: [[0, 1]],
    in_flight: [[2, 2]],
    unwanted: [[5, 5]],
    availability: [
      [0, 3, 2],
      [4, 4, 1],
      [5, 5, 2],
    ],
    connected: 2,
  });
  const { have, inFlight, common, rare, unwanted } = kinds;
  expect([...map.values]).toEqual([have, have, inFlight, common, rare, unwanted]);
  expect(map.counts).toMatchObject({ have: 2, inFlight: 1, common: 1, rare: 1, unwanted: 1 });
});
