import { expect, test } from 'vitest';
import { all, term } from './term';

test('what is plain needs no quotes', () => {
  expect(term('device', 'Chrome')).toBe('device:Chrome');
  expect(term('ip', '2001:db8::/32')).toBe('ip:2001:db8::/32');
  expect(term('host', '127.0.0.1:4310')).toBe('host:127.0.0.1:4310');
  expect(term('user', '-吴伟-OR')).toBe('user:-吴伟-OR');
});

test('what has a meaning in the language is quoted', () => {
  expect(term('os', '')).toBe('os:""');
  expect(term('os', 'Mac OS')).toBe('os:"Mac OS"');
  expect(term('device', '/chrome/')).toBe('device:"/chrome/"');
  expect(term('host', '(a)')).toBe('host:"(a)"');
  expect(term('host', 'a"b*c\\d')).toBe('host:"a\\"b\\*c\\\\d"');
  expect(term('host', 'a\u0085b')).toBe('host:"a\u0085b"');
});

test('what cannot be sent is asked for by what stands around it', () => {
  expect(term('host', 'a\0b')).toBe('host:"a*b"');
  const long = '🦊'.repeat(10_000);
  expect(term('host', long)).toBe(`host:"${'🦊'.repeat(1000)}*"`);
});

test('terms hold together, empty ones ask nothing', () => {
  expect(all('type:browser', '', 'login<7d')).toBe('type:browser login<7d');
});
