import { expect, test } from 'vitest';
import { DAY, HOUR, linear, MINUTE, nearest, ticks, timeTicks } from './scale';

test('a stretch is laid on another, turned around too', () => {
  const y = linear([0, 10], [100, 0]);
  expect([y(0), y(5), y(10)]).toEqual([100, 50, 0]);
  expect(linear([3, 3], [7, 9])(3), 'a stretch of no length').toBe(7);
});

test('ticks are whole round numbers that reach above the greatest', () => {
  expect(ticks(0)).toEqual([0, 1]);
  expect(ticks(3)).toEqual([0, 1, 2, 3]);
  expect(ticks(23)).toEqual([0, 10, 20, 30]);
  expect(ticks(1203)).toEqual([0, 500, 1000, 1500]);
  expect(ticks(1_000_000)).toEqual([0, 500_000, 1_000_000]);
});

test('ticks of time are round in the reader’s own calendar', () => {
  const from = new Date(2026, 10, 24, 9, 40).getTime();
  expect(timeTicks(from, from + 45 * MINUTE, 4).map(({ label }) => label)).toEqual([
    '09:45',
    '10:00',
    '10:15',
  ]);
  expect(timeTicks(from, from + DAY, 5).map(({ label }) => label)).toEqual([
    '12:00',
    '18:00',
    '25 Nov',
    '06:00',
  ]);
  expect(timeTicks(from, from + 3 * DAY, 5).map(({ label }) => label)).toEqual([
    '25 Nov',
    '26 Nov',
    '27 Nov',
  ]);
  const weeks = timeTicks(from, from + 30 * DAY, 6);
  expect(weeks.map(({ at }) => new Date(at).getDay())).toEqual([1, 1, 1, 1]);
  expect(timeTicks(from, from + 800 * DAY, 10).map(({ label }) => label)[0]).toBe('Jan 2027');
});

test('every stretch of time has ticks, and never many more than asked', () => {
  for (let length = 10 * MINUTE; length < 30_000 * DAY; length *= 1.37) {
    const found = timeTicks(Date.UTC(2026, 2, 20, 5), Date.UTC(2026, 2, 20, 5) + length, 6);
    expect(found.length, `${length / HOUR} hours`).toBeGreaterThan(0);
    expect(found.length, `${length / HOUR} hours`).toBeLessThanOrEqual(8);
    expect(found.every((tick, i) => i === 0 || tick.at > (found[i - 1]?.at ?? 0))).toBe(true);
  }
});

test('the nearest of rising values', () => {
  const values = [0, 10, 20];
  expect([-5, 0, 4, 6, 14, 16, 99].map((value) => nearest(values, value))).toEqual([0, 0, 0, 1, 1, 2, 2]);
});
