import { expect, test } from 'vitest';
import { browserName } from './browser';

test('browsers are told by what they say of themselves', () => {
  const linux = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) ';
  expect(browserName(linux + 'Chrome/120.0 Safari/537.36')).toBe('Chrome, Linux');
  expect(browserName(linux + 'Chrome/120.0 Safari/537.36 Edg/120.0')).toBe('Edge, Linux');
  expect(browserName('Mozilla/5.0 (iPhone; CPU like Mac OS X) Safari/604.1')).toBe('Safari, iOS');
  expect(browserName('curl/8')).toBe('browser');
});
