// A week by weekday and hour: counts that come in UTC, told by the reader's clock.

import { HOUR } from './scale';

/** Seven days from Monday on, 24 hours each. */
export type Week = readonly (readonly number[])[];

export interface Cell {
  day: number;
  hour: number;
}

const DAYS = 7;
const HOURS = 24;
const ALL = DAYS * HOURS;
const MONDAY = Date.UTC(1970, 0, 5);

const modulo = (n: number, by: number) => ((n % by) + by) % by;

/** How many hours of the week a clock is ahead of UTC that is so many minutes ahead; what is left of an hour is dropped. */
const hoursAhead = (ahead: number) => Math.floor(ahead / 60);

/** The hour of the week in UTC, from Monday's first, that a cell of the reader's is. */
export function inUtc({ day, hour }: Cell, ahead: number): number {
  return modulo(day * HOURS + hour - hoursAhead(ahead), ALL);
}

/** A week of UTC as a clock tells it that is so many minutes ahead. */
export function inZone(utc: Week, ahead: number): number[][] {
  const flat = utc.flat();
  return Array.from({ length: DAYS }, (_, day) =>
    Array.from({ length: HOURS }, (_, hour) => flat[inUtc({ day, hour }, ahead)] ?? 0),
  );
}

/** When an hour begins by that clock: in zones that are no whole hours ahead, not with minute nothing. */
export function begins(hour: number, ahead: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(modulo(hour, HOURS))}:${two(modulo(ahead, 60))}`;
}

/** The cell with the most, the first of them. */
export function busiest(week: Week): Cell {
  const flat = week.flat();
  const at = flat.indexOf(Math.max(...flat));
  return { day: Math.floor(at / HOURS), hour: at % HOURS };
}

/** Each time that an hour of the week (of UTC) came between two instants. */
export function times(from: number, to: number, hourOfWeek: number): [number, number][] {
  const first = MONDAY + hourOfWeek * HOUR;
  const found: [number, number][] = [];
  for (
    let start = first + Math.floor((from - first) / (ALL * HOUR)) * ALL * HOUR;
    start < to;
    start += ALL * HOUR
  ) {
    const [begin, end] = [Math.max(start, from), Math.min(start + HOUR, to)];
    if (begin < end) found.push([begin, end]);
  }
  return found;
}

/** The filter that finds who signed in during any of them. */
export function signedInDuring(stretches: readonly [number, number][]): string {
  const at = (instant: number) => new Date(instant).toISOString();
  return stretches.map(([begin, end]) => `login>=${at(begin)} login<${at(end)}`).join(' OR ');
}
