// Sets of pieces as they travel: ranges from first to last, in order.

export type Range = [number, number];

/** A range of a document, of which the types say no more than that it is an array. */
export function asRanges(ranges: unknown): Range[] {
  return ranges as Range[];
}

export function countOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** Calls with every piece's value; later runs win over earlier ones. */
export function paint(values: Uint16Array, ranges: readonly Range[], value: number) {
  for (const [first, last] of ranges) values.fill(value, first, last + 1);
}
