import { expect, test } from 'vitest';
import { cleanAddress, isOutOfReach, originOf } from './place';

const all = { listen: ['0.0.0.0:5001', '[::]:5001'], address: '192.168.1.88:5001' };

function from(url: string, listening = all): string {
  return originOf(new URL(url), listening);
}

test('the host stays where it still leads to the tracker', () => {
  expect(from('http://127.0.0.1:5000')).toBe('http://127.0.0.1:5001');
  expect(from('https://tracker.example.org')).toBe('https://tracker.example.org:5001');
  expect(from('http://[fe80::1]:5000')).toBe('http://[fe80::1]:5001');
  const one = { listen: ['192.168.1.88:80'], address: '192.168.1.88:80' };
  expect(from('http://192.168.1.88:5000', one)).toBe('http://192.168.1.88');
  const own = { listen: ['127.0.0.1:5001'], address: '127.0.0.1:5001' };
  expect(from('http://localhost:5000', own)).toBe('http://localhost:5001');
});

test('elsewhere it is the new address', () => {
  const other = { listen: ['10.0.0.1:5000'], address: '10.0.0.1:5000' };
  expect(from('https://192.168.1.88:5000', other)).toBe('https://10.0.0.1:5000');
  const v4 = { listen: ['0.0.0.0:5001'], address: '192.168.1.88:5001' };
  expect(from('http://[fe80::1]:5000', v4)).toBe('http://192.168.1.88:5001');
});

test('another machine does not reach what is listened to on loopback', () => {
  const far = new URL('http://192.168.1.88:5000');
  expect(isOutOfReach(far, 'http://127.0.0.1:5001')).toBe(true);
  expect(isOutOfReach(far, 'http://192.168.1.88:5001')).toBe(false);
  expect(isOutOfReach(new URL('http://localhost:5000'), 'http://127.0.0.1:5001')).toBe(false);
});

test('an address is taken as shells take it', () => {
  expect(cleanAddress(' 0.0.0.0  5001 ')).toBe('0.0.0.0:5001');
  expect(cleanAddress('[::]:5001')).toBe('[::]:5001');
});
