import { expect, test, vi } from 'vitest';
import { Listing } from './listing.svelte';

interface Item {
  id: number;
  text: string;
}

/** A list of two pages, each answered when it is released. */
function slowList() {
  const waiting: (() => void)[] = [];
  const pages = [
    { items: [{ id: 1, text: 'old' }], next: 'more' },
    { items: [{ id: 2, text: 'old' }], next: null },
  ];
  const list = new Listing<Item>(
    (item) => item.id,
    async (cursor) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return pages[cursor ? 1 : 0]!;
    },
    (error) => expect.unreachable(String(error)),
  );
  const release = async () => {
    await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(0));
    waiting.shift()!();
  };
  return { list, release };
}

test('the first load shows each page as it comes', async () => {
  const { list, release } = slowList();
  const loaded = list.load();
  await release();
  await vi.waitFor(() => expect(list.items).toHaveLength(1));
  expect(list.complete).toBe(false);
  await release();
  await loaded;
  expect(list.items.map((item) => item.id)).toEqual([1, 2]);
  expect(list.complete).toBe(true);
});

test('what events tell meanwhile goes before what a load finds', async () => {
  const { list, release } = slowList();
  const loaded = list.load();
  await release();
  await vi.waitFor(() => expect(list.items).toHaveLength(1));
  list.put({ id: 3, text: 'new' });
  list.put({ id: 1, text: 'new' });
  list.remove(2);
  await release();
  await loaded;
  expect(list.items).toEqual([
    { id: 1, text: 'new' },
    { id: 3, text: 'new' },
  ]);
});

test('a change shows a moment later', async () => {
  const { list, release } = slowList();
  const loaded = list.load();
  await release();
  await release();
  await loaded;
  list.change((item) => (item.id === 2 ? { ...item, text: 'changed' } : item));
  list.remove(1);
  await vi.waitFor(() => expect(list.items).toEqual([{ id: 2, text: 'changed' }]));
});

test('the answer to a call does not undo what an event told before it', () => {
  const { list } = slowList();
  list.put({ id: 1, text: 'sharing' });
  list.putNew({ id: 1, text: 'checking' });
  expect(list.get(1)?.text).toBe('sharing');
  list.putNew({ id: 2, text: 'queued' });
  expect(list.get(2)?.text).toBe('queued');
});
