import { expect, test } from 'vitest';
import { distance, remaining } from './time';

const now = new Date('2026-11-24T12:00:00Z');
const before = (seconds: number) => new Date(now.getTime() - seconds * 1000);

test('a distance is told in the greatest unit that it fills', () => {
  expect(distance(before(3), now)).toBe('just now');
  expect(distance(before(45), now)).toBe('45 seconds ago');
  expect(distance(before(119), now)).toBe('1 minute ago');
  expect(distance(before(3 * 3600 + 10), now)).toBe('3 hours ago');
  expect(distance(before(86_400), now)).toBe('yesterday');
  expect(distance(before(40 * 86_400), now)).toBe('last month');
  expect(distance(before(-7200), now)).toBe('in 2 hours');
});

test('what is left never goes below nothing', () => {
  expect(remaining(before(-299), now)).toBe('4:59');
  expect(remaining(before(5), now)).toBe('0:00');
});
