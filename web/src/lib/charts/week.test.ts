import { expect, test } from 'vitest';
import { HOUR } from './scale';
import { begins, busiest, inUtc, inZone, signedInDuring, times } from './week';

const empty = () => Array.from({ length: 7 }, () => Array.from({ length: 24 }, () => 0));

/** A week with one sign-in at that hour of UTC, as a clock tells it that is so many minutes ahead. */
function told(day: number, hour: number, ahead: number) {
  const week = empty();
  (week[day] as number[])[hour] = 1;
  return busiest(inZone(week, ahead));
}

test('hours of UTC are told by the reader’s clock', () => {
  expect(told(0, 9, 0)).toEqual({ day: 0, hour: 9 });
  expect(told(0, 9, 120)).toEqual({ day: 0, hour: 11 });
  expect(told(0, 2, -300), 'Monday in London is Sunday in New York').toEqual({ day: 6, hour: 21 });
  expect(told(6, 23, 60), 'Sunday in London is Monday in Berlin').toEqual({ day: 0, hour: 0 });
});

test('where clocks are no whole hour ahead each hour begins at its minute', () => {
  expect([told(0, 3, 330), begins(8, 330)]).toEqual([{ day: 0, hour: 8 }, '08:30']);
  expect([told(0, 5, -210), begins(1, -210)]).toEqual([{ day: 0, hour: 1 }, '01:30']);
  expect(begins(24, 0)).toBe('00:00');
});

test('a cell is led back to its hour of UTC', () => {
  expect(inUtc({ day: 0, hour: 0 }, 60)).toBe(6 * 24 + 23);
  expect(inUtc({ day: 6, hour: 21 }, -300)).toBe(2);
});

test('an hour of the week comes once a week, cut where the stretch begins and ends', () => {
  const monday = Date.UTC(2026, 10, 23);
  expect(times(monday, monday + 7 * 24 * HOUR, 9)).toEqual([[monday + 9 * HOUR, monday + 10 * HOUR]]);
  expect(times(monday + 9.5 * HOUR, monday + 24 * 7 * HOUR + 9.25 * HOUR, 9)).toEqual([
    [monday + 9.5 * HOUR, monday + 10 * HOUR],
    [monday + 7 * 24 * HOUR + 9 * HOUR, monday + 7 * 24 * HOUR + 9.25 * HOUR],
  ]);
  expect(times(monday, monday + 90 * 24 * HOUR, 0)).toHaveLength(13);
});

test('the filter asks for any of the stretches', () => {
  const at = Date.UTC(2026, 10, 23, 9);
  expect(signedInDuring(times(at - HOUR, at + 8 * 24 * HOUR, 9))).toBe(
    'login>=2026-11-23T09:00:00.000Z login<2026-11-23T10:00:00.000Z OR ' +
      'login>=2026-11-30T09:00:00.000Z login<2026-11-30T10:00:00.000Z',
  );
});
