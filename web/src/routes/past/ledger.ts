// Where the curve begins: nothing tells it outright, so it is looked for by ever shorter steps.

import { call } from '../../lib/api/client';
import type { Point } from '../../lib/charts/points';

export type Ask = (query: { from?: string; to?: string; step?: string }) => Promise<Point[]>;

/** How many sessions were live. */
export async function live(query: { from?: string; to?: string; step?: string }): Promise<Point[]> {
  const { items } = await call('get', '/api/v2/stats/live', { query });
  return items.map(({ at, live }) => ({ at: Date.parse(at), live }));
}

/** The minute before the first session that the ledger tells of; the last instant of all where it tells of none. */
export async function beginning(ask: Ask): Promise<number> {
  let stretch: [string, string | undefined] = ['999w', undefined];
  let before = 0;
  for (const step of ['1w', '1h', '1m']) {
    const [from, to] = stretch;
    const points = await ask({ from, ...(to ? { to } : {}), step });
    const first = points.findIndex((point) => point.live > 0);
    const [last, next] =
      first < 0 ? [points.at(-1), undefined] : [points[first - 1] ?? points[0], points[first]];
    before = last?.at ?? 0;
    // Behind the last point it may begin, too: it is asked up to now.
    stretch = [new Date(before).toISOString(), next && new Date(next.at).toISOString()];
  }
  return before;
}
