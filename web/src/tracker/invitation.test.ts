import { expect, test } from 'vitest';
import type { Invitation } from './api';
import { stateOf } from './invitation';

const good: Invitation = {
  id: 1,
  label: '',
  uses: 2,
  used: 1,
  revoked: false,
  created: '2024-01-01T00:00:00Z',
  expires: '2024-01-08T00:00:00Z',
};
const then = Date.parse('2024-01-02T00:00:00Z');

test('an invitation is good until it is used up, expired or revoked', () => {
  expect(stateOf(good, then)).toBe('good');
  expect(stateOf({ ...good, used: 2 }, then)).toBe('used');
  expect(stateOf({ ...good, uses: 0, used: 90 }, then)).toBe('good');
  expect(stateOf(good, then + 7 * 86_400_000)).toBe('expired');
  expect(stateOf({ ...good, expires: null }, then + 1e12)).toBe('good');
  expect(stateOf({ ...good, revoked: true, used: 2 }, then)).toBe('revoked');
});
