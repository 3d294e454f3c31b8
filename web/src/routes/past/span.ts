// Which stretch of time the curve shows, by what the address says.

import { DAY, HOUR, MINUTE } from '../../lib/charts/scale';

/** How long the stretches are that one can choose; `all` is as long as there were sessions. */
export const RANGES = { '1d': DAY, '7d': 7 * DAY, '30d': 30 * DAY, '90d': 90 * DAY, all: Infinity } as const;
export type Range = keyof typeof RANGES;

export const WINDOWS = { '15m': 15 * MINUTE, '1h': HOUR, '1d': DAY } as const;
export type Window = keyof typeof WINDOWS;

/** A stretch of time, and how far the points of its curve are apart. */
export interface Span {
  from: number;
  to: number;
  step: string;
}

/** Steps, as the server reads them. It gives 1,000 points at the most. */
const STEPS: readonly (readonly [string, number])[] = [
  ['1m', MINUTE],
  ['5m', 5 * MINUTE],
  ['15m', 15 * MINUTE],
  ['1h', HOUR],
  ['3h', 3 * HOUR],
  ['6h', 6 * HOUR],
  ['12h', 12 * HOUR],
  ['1d', DAY],
  ['1w', 7 * DAY],
];
const POINTS = 750;

/** What the address says, and what is known of the ledger. */
interface Told {
  range: Range;
  /** Where the stretch ends, if that is said. */
  to?: number | undefined;
  /** The instant that is looked at. */
  at?: number | undefined;
  now: number;
  began: number;
}

export function span({ range, to, at, now, began }: Told): Span {
  const length = range === 'all' ? Math.max(now - began, HOUR) : RANGES[range];
  const [step, every] = STEPS.find(([, every]) => length / every <= POINTS) ?? (['4w', 28 * DAY] as const);
  const end = range === 'all' ? now : (to ?? (at !== undefined && at < now - length ? at + length / 2 : now));
  const last = Math.min(end, now);
  // So that the last point is the very end.
  return { from: last - Math.ceil(length / every) * every, to: last, step };
}

/** An instant as addresses have it, in UTC where no zone is named; `undefined` where it is none. */
export function instant(text: string): number | undefined {
  const isInstant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text);
  const hasZone = /T.*(Z|[+-]\d\d:\d\d)$/.test(text);
  const at = isInstant ? Date.parse(hasZone || !text.includes('T') ? text : `${text}Z`) : NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** As the address has it: no longer than it must be. */
export function written(at: number): string {
  return new Date(at).toISOString().replace(/(:00)?\.000Z$/, 'Z');
}

/** As a field for day and time of the reader's zone has it. */
export function typed(at: number): string {
  const ahead = new Date(at).getTimezoneOffset() * MINUTE;
  return new Date(at - ahead).toISOString().slice(0, 19);
}
