import { expect, test, vi } from 'vitest';
import { LiveRows } from './rows.svelte';

interface Row {
  id: number;
  name: string;
}

test('what changes while the rows are fetched is not lost', () => {
  vi.useFakeTimers();
  const rows = new LiveRows<Row>((row) => row.id);
  rows.set({ id: 1, name: 'old' });
  rows.beginFetch();
  rows.set({ id: 3, name: 'came meanwhile' });
  rows.set({ id: 1, name: 'new' });
  rows.delete(2);
  rows.replace([
    { id: 1, name: 'old' },
    { id: 2, name: 'went meanwhile' },
    { id: 4, name: 'was there' },
  ]);
  vi.runAllTimers();
  expect(rows.list.map((row) => row.name).sort()).toEqual(['came meanwhile', 'new', 'was there']);
  vi.useRealTimers();
});

test('many changes are shown at once', () => {
  vi.useFakeTimers();
  const rows = new LiveRows<Row>((row) => row.id);
  for (let id = 0; id < 1000; id++) rows.set({ id, name: '' });
  expect(rows.list).toHaveLength(0);
  vi.runAllTimers();
  expect(rows.list).toHaveLength(1000);
  vi.useRealTimers();
});
