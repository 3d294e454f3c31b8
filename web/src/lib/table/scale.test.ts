import { expect, test } from 'vitest';
import { barAt, follow, furthest, revealing, tall, TALLEST } from './scale';

const short = { rows: 1000, row: 36, view: 720 };
const long = { rows: 1_000_000, row: 36, view: 720 };

test('a list that a browser can hold is scrolled as it is', () => {
  expect(tall(short)).toBe(36_000);
  expect(follow(0, 0, 20_000, short)).toBe(20_000);
  expect(barAt(20_000, short)).toBe(20_000);
});

test('a longer one is no higher than what a browser holds, and its ends are reached', () => {
  expect(tall(long)).toBe(TALLEST);
  expect(follow(500, 20, 0, long)).toBe(0);
  expect(follow(0, 0, TALLEST - 720, long)).toBe(furthest(long));
  expect(barAt(furthest(long), long)).toBe(TALLEST - 720);
});

test('a near step moves the rows as far as the bar, a far one in proportion', () => {
  expect(follow(18_000_000, 5_999_640, 5_999_740, long)).toBe(18_000_100);
  expect(follow(0, 0, (TALLEST - 720) / 2, long)).toBeCloseTo(furthest(long) / 2, 3);
});

test('a bar that was set by its list gives the same place', () => {
  const top = 12_345_678;
  const bar = barAt(top, long);
  expect(follow(0, 0, bar, long)).toBeCloseTo(top, 3);
});

test('a row is brought in by as little as it takes', () => {
  expect(revealing(5, 0, short)).toBe(0);
  expect(revealing(20, 0, short)).toBe(36);
  expect(revealing(3, 400, short)).toBe(108);
  expect(revealing(999, 0, short)).toBe(furthest(short));
});
