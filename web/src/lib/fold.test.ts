import { expect, test } from 'vitest';
import { fold, matcher } from './fold';

test('marks, case and đ make no difference', () => {
  expect(fold('Bài GIẢNG Đại số')).toBe('bai giang dai so');
});

test('all words must be there, in any order', () => {
  const matches = matcher(' giảng bai ');
  expect(matches(fold('Bài giảng tuần 1'))).toBe(true);
  expect(matches(fold('Bài tập'))).toBe(false);
});
