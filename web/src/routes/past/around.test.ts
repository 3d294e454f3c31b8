import { expect, test } from 'vitest';
import { after, before, EACH, filter, type Read } from './around';

const MINUTE = 60_000;
const at = Date.UTC(2026, 10, 24, 12);

/** A ledger with events at these times, which reads as the audit does. */
function ledger(times: number[]): { read: Read<number>; asked: string[] } {
  const asked: string[] = [];
  const read: Read<number> = (q, most) => {
    asked.push(q);
    const bounds = [...q.matchAll(/at(>=?|<=)(\S+)/g)].map(([, sign, time]) => ({
      sign,
      time: Date.parse(time ?? ''),
    }));
    const found = times
      .filter((t) =>
        bounds.every(({ sign, time }) => (sign === '>=' ? t >= time : sign === '>' ? t > time : t <= time)),
      )
      .toSorted((a, b) => b - a);
    return Promise.resolve({ items: found.slice(0, most), more: found.length > most });
  };
  return { read, asked };
}
const every = (ms: number, count: number) => Array.from({ length: count }, (_, i) => at + (i + 1) * ms);

test('the instant itself is before, and nothing is told twice', async () => {
  const { read } = ledger([at - 16 * MINUTE, at - MINUTE, at, at + 1, at + 15 * MINUTE, at + 16 * MINUTE]);
  expect(await before(read, at, 15 * MINUTE)).toEqual({ items: [at, at - MINUTE], more: false });
  expect(await after(read, at, 15 * MINUTE)).toEqual({ items: [at + 15 * MINUTE, at + 1], more: false });
  expect(filter(at, MINUTE)).toBe('kind:session.* at>=2026-11-24T11:59:00.000Z at<=2026-11-24T12:01:00.000Z');
});

test('of many that came after, the nearest are told', async () => {
  const { read, asked } = ledger(every(1000, 900));
  const { items, more } = await after(read, at, 15 * MINUTE);
  expect([items.length, items.at(-1), items[0]]).toEqual([EACH, at + 1000, at + EACH * 1000]);
  expect(more).toBe(true);
  expect(asked, 'an eighth of the stretch was enough').toHaveLength(2);
});

test('of more than can be read it is told that there are more', async () => {
  const { read, asked } = ledger(every(1, 5000));
  expect((await after(read, at, 15 * MINUTE)).more).toBe(true);
  expect(asked).toHaveLength(1);
});
