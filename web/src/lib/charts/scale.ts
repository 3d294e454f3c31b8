// From numbers and times to places on an axis, with ticks at round numbers and at round times of the reader's calendar.

/** From a stretch of one measure to a stretch of another. */
export function linear(
  from: readonly [number, number],
  to: readonly [number, number],
): (value: number) => number {
  const length = from[1] - from[0] || 1;
  return (value) => to[0] + ((value - from[0]) / length) * (to[1] - to[0]);
}

/** Whole round numbers from nothing up to `most` or above it, in `steps` steps at the most. */
export function ticks(most: number, steps = 4): number[] {
  const rough = Math.max(most, 1) / steps;
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = [1, 2, 5, 10].map((n) => n * power).find((step) => step >= rough) ?? rough;
  const step = Math.max(1, Math.ceil(round));
  return Array.from({ length: Math.ceil(Math.max(most, 1) / step) + 1 }, (_, i) => i * step);
}

export interface Tick {
  at: number;
  label: string;
}

type Unit = 'minute' | 'hour' | 'day' | 'month' | 'year';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Steps of time that calendars know, and how long each is, more or less. */
const STEPS: readonly (readonly [Unit, number, number])[] = [
  ['minute', 1, MINUTE],
  ['minute', 5, 5 * MINUTE],
  ['minute', 15, 15 * MINUTE],
  ['hour', 1, HOUR],
  ['hour', 3, 3 * HOUR],
  ['hour', 6, 6 * HOUR],
  ['hour', 12, 12 * HOUR],
  ['day', 1, DAY],
  ['day', 2, 2 * DAY],
  ['day', 7, 7 * DAY],
  ['day', 14, 14 * DAY],
  ['month', 1, 30 * DAY],
  ['month', 3, 91 * DAY],
  ['year', 1, 365 * DAY],
  ['year', 5, 1826 * DAY],
];

const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const month = new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric' });
const year = new Intl.DateTimeFormat('en-GB', { year: 'numeric' });

/** Round times between two instants, about `most` at the most. */
export function timeTicks(from: number, to: number, most: number): Tick[] {
  const fits = STEPS.find(([, , length]) => (to - from) / length <= most);
  const [unit, n] = fits ?? (['year', 10] as const);
  const found: Tick[] = [];
  for (let at = before(new Date(from), unit, n); at.getTime() <= to; at = next(at, unit, n)) {
    if (at.getTime() >= from) found.push({ at: at.getTime(), label: label(at, unit) });
  }
  return found;
}

/** The last round time at or before an instant. */
function before(at: Date, unit: Unit, n: number): Date {
  const [y, m, d, h] = [at.getFullYear(), at.getMonth(), at.getDate(), at.getHours()];
  const floor = (value: number) => Math.floor(value / n) * n;
  switch (unit) {
    case 'minute':
      return new Date(y, m, d, h, floor(at.getMinutes()));
    case 'hour':
      return new Date(y, m, d, floor(h));
    case 'day':
      // Weeks begin with Monday.
      return new Date(y, m, n % 7 === 0 ? d - ((at.getDay() + 6) % 7) : d);
    case 'month':
      return new Date(y, floor(m), 1);
    case 'year':
      return new Date(floor(y), 0, 1);
  }
}

function next(at: Date, unit: Unit, n: number): Date {
  const [y, m, d, h] = [at.getFullYear(), at.getMonth(), at.getDate(), at.getHours()];
  switch (unit) {
    case 'minute':
      return new Date(at.getTime() + n * MINUTE);
    case 'hour': {
      const by = new Date(y, m, d, h + n);
      // Where the clock is put back an hour comes twice.
      return by > at ? by : new Date(at.getTime() + n * HOUR);
    }
    case 'day':
      return new Date(y, m, d + n);
    case 'month':
      return new Date(y, m + n, 1);
    case 'year':
      return new Date(y + n, 0, 1);
  }
}

function label(at: Date, unit: Unit): string {
  if (unit === 'year') return year.format(at);
  if (unit === 'month') return month.format(at);
  const isMidnight = at.getHours() === 0 && at.getMinutes() === 0;
  return unit === 'day' || isMidnight ? day.format(at) : hour.format(at);
}

/** The nearest of rising values: its place among them. */
export function nearest(values: readonly number[], value: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  const [left, right] = [values[low - 1], values[low]];
  return left !== undefined && right !== undefined && value - left < right - value
    ? low - 1
    : Math.max(low, 0);
}
