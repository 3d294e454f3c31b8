import { expect, test } from 'vitest';
import { direction, isNewestFirst, turned } from './sort';

test('without an order the newest sign-in is first', () => {
  expect(direction('', 'login')).toBe('descending');
  expect(direction('', 'user')).toBeUndefined();
  expect(isNewestFirst('')).toBe(true);
  expect(isNewestFirst('login')).toBe(false);
});

test('a header turns its column around', () => {
  expect(turned('', 'login')).toBe('login');
  expect(turned('login', 'login')).toBe('');
  expect(turned('', 'user')).toBe('user');
  expect(turned('user', 'user')).toBe('-user');
  expect(turned('user', 'seen')).toBe('-seen');
});
