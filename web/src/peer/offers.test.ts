import { expect, test } from 'vitest';
import { offersOf } from './offers';
import type { CatalogueFile } from './peer.svelte';

function file(id: number, name: string, info_hash: string, user: string, online = true) {
  return { id, name, info_hash, user, online, folded: name } as CatalogueFile;
}

test('what several share alike stands there once, as it was shared first', () => {
  const offers = offersOf([
    file(7, 'a', 'x', 'minh', true),
    file(3, 'a', 'x', 'lan', false),
    file(4, 'b', 'y', 'lan', false),
  ]);
  expect(offers.map(({ file, users, online }) => [file.id, users, online])).toEqual([
    [3, ['lan', 'minh'], true],
    [4, ['lan'], false],
  ]);
});

test('another content or another name stands beside it', () => {
  expect(
    offersOf([file(1, 'a', 'x', 'lan'), file(2, 'a', 'z', 'minh'), file(3, 'c', 'x', 'lan')]),
  ).toHaveLength(3);
});
