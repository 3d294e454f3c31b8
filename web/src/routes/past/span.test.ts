import { expect, test } from 'vitest';
import { DAY, HOUR } from '../../lib/charts/scale';
import { instant, RANGES, span, typed, written, type Range } from './span';

const now = Date.UTC(2026, 10, 29, 19, 3, 20);
const began = now - 400 * DAY;

test('a stretch ends now, or where it is said, and never later than now', () => {
  expect(span({ range: '7d', now, began })).toEqual({ from: now - 7 * DAY, to: now, step: '15m' });
  expect(span({ range: '7d', to: now - DAY, now, began }).to).toBe(now - DAY);
  expect(span({ range: '7d', to: now + DAY, now, began }).to).toBe(now);
});

test('an instant that lies before a stretch that ends now has the stretch around it', () => {
  expect(span({ range: '1d', at: now - 10 * DAY, now, began })).toMatchObject({
    from: now - 10.5 * DAY,
    to: now - 9.5 * DAY,
  });
  expect(span({ range: '1d', at: now - HOUR, now, began }).to).toBe(now);
});

test('all reaches to the first sessions, however young they are', () => {
  expect(span({ range: 'all', at: began, to: began, now, began })).toEqual({
    from: began,
    to: now,
    step: '1d',
  });
  expect(span({ range: 'all', now, began: now - 1000 })).toEqual({ from: now - HOUR, to: now, step: '1m' });
});

test('there are never more points than the server gives, and the last is the end', () => {
  const steps: Record<string, number> = { m: 60_000, h: HOUR, d: DAY, w: 7 * DAY };
  for (const age of [0.001, 0.3, 1, 9, 100, 999, 5000, 20_000]) {
    for (const range of Object.keys(RANGES) as Range[]) {
      const { from, to, step } = span({ range, now, began: now - age * DAY });
      const every = Number.parseInt(step) * (steps[step.slice(-1)] ?? NaN);
      const points = (to - from) / every + 1;
      expect(Number.isInteger(points), `${age} days, ${range}`).toBe(true);
      expect(points, `${age} days, ${range}`).toBeLessThanOrEqual(1000);
    }
  }
});

test('instants are read in UTC where they name no zone, and what is none is not', () => {
  expect(instant('2026-11-01')).toBe(Date.UTC(2026, 10, 1));
  expect(instant('2026-11-01T08:15')).toBe(Date.UTC(2026, 10, 1, 8, 15));
  expect(instant('2026-11-01T08:15:30.5+01:00')).toBe(Date.UTC(2026, 10, 1, 7, 15, 30, 500));
  for (const text of ['', 'yesterday', '2026', '2026-13-01', '1', '7d', '2026-11-01T25:00Z']) {
    expect(instant(text), text).toBeUndefined();
  }
});

test('what is written is read again', () => {
  expect(written(Date.UTC(2026, 10, 1, 8, 15))).toBe('2026-11-01T08:15Z');
  for (const at of [Date.UTC(2026, 10, 1), now, now + 7]) expect(instant(written(at))).toBe(at);
  expect(new Date(typed(now)).getTime()).toBe(now);
});
