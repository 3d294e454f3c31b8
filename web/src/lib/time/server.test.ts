import { afterEach, beforeEach, expect, test, vi } from 'vitest';

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ now: Date.parse('2026-11-29T12:00:00Z') });
});
afterEach(() => vi.useRealTimers());

test('a clock that is off is put right by the first answer', async () => {
  const { heard, serverTime } = await import('./server');
  expect(serverTime().toISOString()).toBe('2026-11-29T12:00:00.000Z');
  heard('Sun, 29 Nov 2026 09:30:00 GMT');
  expect(serverTime().toISOString()).toBe('2026-11-29T09:30:00.000Z');
  vi.advanceTimersByTime(60_000);
  heard('Sun, 29 Nov 2026 07:00:00 GMT');
  expect(serverTime().toISOString()).toBe('2026-11-29T09:31:00.000Z');
});

test('one that is right within seconds is left alone, and an answer without a time says nothing', async () => {
  const { heard, serverTime } = await import('./server');
  heard(null);
  heard('Sun, 29 Nov 2026 11:59:57 GMT');
  expect(serverTime().toISOString()).toBe('2026-11-29T12:00:00.000Z');
});
