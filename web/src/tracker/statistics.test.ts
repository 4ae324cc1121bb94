import { expect, test } from 'vitest';
import type { Now, Statistics } from './api';
import { extended, historyOf, totalOf } from './statistics';

const now = {
  peers: 3,
  announces_per_second: 1.5,
  requests_per_second: 2,
  received_per_second: 100,
  sent_per_second: 50,
} as Now;

const answer = {
  history: {
    interval_seconds: 5,
    end: '1970-01-01T00:01:00Z',
    series: {
      announces: [1, 2],
      requests: [3, 4],
      peers: [5, 6],
      received: [7, 8],
      sent: [9, 10],
      errors: [0, 0],
    },
  },
} as unknown as Statistics;

test('each value has the time at which its step ended', () => {
  expect(historyOf(answer).times).toEqual([55, 60]);
});

test('an event goes on with the history, which is never longer than it may be', () => {
  const history = extended(historyOf(answer), now, 10, 65, 2);
  expect(history.times).toEqual([60, 65]);
  expect(history.series.announces).toEqual([2, 1.5]);
  expect(history.series.peers).toEqual([6, 3]);
  expect(history.series.errors).toEqual([0, 2]);
});

test('errors of all kinds make one sum', () => {
  expect(totalOf([])).toBe(0);
  expect(
    totalOf([
      { kind: 'too_slow', count: 2 },
      { kind: 'http_4xx', count: 3 },
    ]),
  ).toBe(5);
});
