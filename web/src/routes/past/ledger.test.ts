import { expect, test } from 'vitest';
import { beginning, type Ask } from './ledger';

const MINUTE = 60_000;
const now = Date.UTC(2026, 10, 29, 19, 3);
const LENGTHS: Record<string, number> = { m: 1, h: 60, w: 7 * 24 * 60 };
const length = (age: string) => Number.parseInt(age) * (LENGTHS[age.slice(-1)] ?? NaN) * MINUTE;

/** A server whose first session was opened then. */
function since(opened: number): { ask: Ask; asked: string[] } {
  const asked: string[] = [];
  const ask: Ask = ({ from = '', to, step = '' }) => {
    asked.push(step);
    const [first, last] = [
      from.endsWith('w') ? now - length(from) : Date.parse(from),
      to ? Date.parse(to) : now,
    ];
    const count = Math.floor((last - first) / length(step)) + 1;
    if (count > 1000) return Promise.reject(new Error(`${count} points`));
    const at = (i: number) => first + i * length(step);
    return Promise.resolve(
      Array.from({ length: count }, (_, i) => ({ at: at(i), live: at(i) >= opened ? 1 : 0 })),
    );
  };
  return { ask, asked };
}

test('the minute before the first session is found by three questions', async () => {
  for (const minutes of [1, 59, 61, 7 * 24 * 60, 30 * 24 * 60 + 17, 5_000_000]) {
    const opened = now - minutes * MINUTE;
    const { ask, asked } = since(opened);
    expect(await beginning(ask), `${minutes} minutes ago`).toBe(opened - MINUTE);
    expect(asked).toEqual(['1w', '1h', '1m']);
  }
});

test('where there is no session yet it begins now', async () => {
  expect(await beginning(since(now + MINUTE).ask)).toBe(now);
});
