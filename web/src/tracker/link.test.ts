import { expect, test } from 'vitest';
import { codeOf, isLoopback, linkFor, parseLink, peerCommand } from './link';

const code = 'AbCdEfGhIjKlMnOpQrStUvWxYz_-0123';

test('a link invites, sets up, or only leads to the tracker', () => {
  expect(parseLink(`#1/k=KEY/i=${code}`)).toEqual({ key: 'KEY', invitation: code });
  expect(parseLink(`#1/k=KEY/s=${code}`)).toEqual({ key: 'KEY', setup: code });
  expect(parseLink('http://10.0.0.1:5000/join#1/k=KEY')).toEqual({ key: 'KEY' });
});

test('what is no link is none', () => {
  for (const text of [
    '',
    '#',
    '#/files',
    '#2/k=KEY',
    '#1/i=' + code,
    '#1/k=KEY/i=short',
    '1/k=KEY',
  ]) {
    expect(parseLink(text)).toBeNull();
  }
});

test('parameters of later versions are passed over', () => {
  expect(parseLink(`#1/k=KEY/z=more/i=${code}`)).toEqual({ key: 'KEY', invitation: code });
});

test('a code is taken by itself or out of its link', () => {
  expect(codeOf(` ${code}\n`, 'invitation')).toBe(code);
  expect(codeOf(`http://host:5000/join#1/k=KEY/i=${code}`, 'invitation')).toBe(code);
  expect(codeOf(`http://host:5000/join#1/k=KEY/i=${code}`, 'setup')).toBeNull();
  expect(codeOf('hello', 'invitation')).toBeNull();
});

test('this machine is told from others', () => {
  expect(['localhost', '127.0.0.1', '127.1.2.3', '[::1]'].every(isLoopback)).toBe(true);
  expect(['192.168.1.5', '127.0.0.1.evil.org', 'tracker', '[fe80::1]'].some(isLoopback)).toBe(
    false,
  );
});

test('a command stands whole in a shell', () => {
  const link = linkFor('host:5000', 'KEY');
  expect(peerCommand(link)).toBe("shoal peer --join 'http://host:5000/join#1/k=KEY'");
  expect(peerCommand("x'; rm -rf '")).toBe("shoal peer --join 'x; rm -rf '");
});
