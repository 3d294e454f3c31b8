// Times as a reader wants them: near ones by their distance, all of them exactly when asked.

import { t } from '../text/text';

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const zoned = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** How far from now, in the greatest unit that it fills: `3 hours ago`. */
export function distance(at: Date, now: Date): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return Math.abs(seconds) < 10 ? t('time.now') : relative.format(seconds, 'second');
}

/** Day and time in the reader's zone. */
export function absolute(at: Date): string {
  return exact.format(at);
}

/** The same in full, its zone named. */
export function whole(at: Date): string {
  return zoned.format(at);
}

/** The day. */
export function date(at: Date): string {
  return day.format(at);
}

/** Minutes and seconds that are left: `4:59`. */
export function remaining(until: Date, now: Date): string {
  const seconds = Math.max(0, Math.ceil((until.getTime() - now.getTime()) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
