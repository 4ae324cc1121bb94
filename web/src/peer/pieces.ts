// What a piece map shows of each piece.
import { asRanges, paint } from '../lib/ranges';
import type { ItemPieces } from './api';

/** The kinds of pieces, the most noteworthy first: where several share a cell, it is the one shown. */
export const kinds = {
  inFlight: 1,
  unavailable: 2,
  rare: 3,
  some: 4,
  common: 5,
  unwanted: 6,
  have: 7,
} as const;
export type Kind = keyof typeof kinds;

/** How rare a missing piece is among the peers that are connected. */
export function rarity(count: number, connected: number): Kind {
  if (count === 0) return 'unavailable';
  if (count === 1 && connected > 1) return 'rare';
  return count * 2 <= connected ? 'some' : 'common';
}

export interface PieceMap {
  /** For each piece the number of its kind. */
  values: Uint16Array;
  counts: Record<Kind, number>;
}

export function pieceMapOf(pieces: ItemPieces): PieceMap {
  const values = new Uint16Array(pieces.pieces).fill(kinds.unavailable);
  for (const [first, last, count] of pieces.availability as [number, number, number][]) {
    values.fill(kinds[rarity(count, pieces.connected)], first, last + 1);
  }
  paint(values, asRanges(pieces.unwanted), kinds.unwanted);
  paint(values, asRanges(pieces.have), kinds.have);
  paint(values, asRanges(pieces.in_flight), kinds.inFlight);
  const byNumber = new Array<number>(8).fill(0);
  for (const value of values) byNumber[value]! += 1;
  const names = Object.keys(kinds) as Kind[];
  const counts = Object.fromEntries(names.map((name) => [name, byNumber[kinds[name]]!]));
  return { values, counts: counts as Record<Kind, number> };
}
