// One's own sessions in plain words: which device each is on, what it is, and since when.

import type { Schemas } from '../../lib/api/client';
import { t, type Key } from '../../lib/text/text';

export type Session = Schemas['Session'];

/** The sessions of a device, as far as devices can be told apart. */
export interface Device {
  name: string;
  sessions: Session[];
}

type Form = 'computer' | 'phone' | 'tablet' | 'tv';
const FORMS: Record<string, Form> = {
  browser: 'computer',
  'desktop-app': 'computer',
  mobile: 'phone',
  'mobile-app': 'phone',
  tablet: 'tablet',
  smarttv: 'tv',
};
/** Devices that people call by a name of their own. */
const CALLED: Record<string, Key> = {
  'computer mac os': 'device.mac',
  'phone ios': 'device.iphone',
  'tablet ios': 'device.ipad',
};

/** What its owner calls the device: `iPhone`, `Windows computer`. */
export function device(session: Session): string {
  const form = FORMS[session.device_type];
  if (!form) return t('device.other');
  const called = CALLED[`${form} ${session.os_name.toLowerCase()}`];
  if (called) return t(called);
  return session.os_name === ''
    ? t(`device.${form}.plain`)
    : t(`device.${form}`, { system: capital(session.os_name) });
}

/** What the session is: `Chrome on Windows`. */
export function what(session: Session): string {
  const program = session.device_name || t('devices.unknownProgram');
  return session.os_name === ''
    ? program
    : t('devices.programOn', { program, system: system(session.os_name) });
}

/** The program and its version, the system and its: for the details. */
export function exactly(session: Session): { program: string; system: string } {
  const unknown = t('devices.notKnown');
  return {
    program: `${session.device_name} ${session.device_version}`.trim() || unknown,
    system: `${system(session.os_name)} ${session.os_version ?? ''}`.trim() || unknown,
  };
}

/** The session that asks first, then what was seen last; each device where its first session is. */
export function grouped(sessions: readonly Session[]): Device[] {
  const devices = new Map<string, Session[]>();
  const sorted = [...sessions].sort(
    (a, b) => Number(b.current) - Number(a.current) || (b.seen_at ?? '').localeCompare(a.seen_at ?? ''),
  );
  for (const session of sorted) {
    const name = device(session);
    devices.set(name, [...(devices.get(name) ?? []), session]);
  }
  return [...devices].map(([name, sessions]) => ({ name, sessions }));
}

const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long' });
const ofYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' });
const whole = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });

/** A day as people name it: `today, 14:05`, `Tuesday`, `3 November`. */
export function since(at: Date, now: Date): string {
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (days <= 0) return t('since.today', { time: hour.format(at) });
  if (days === 1) return t('since.yesterday', { time: hour.format(at) });
  if (days < 7) return weekday.format(at);
  return (at.getFullYear() === now.getFullYear() ? ofYear : whole).format(at);
}

/** The beginning of a day in the reader's zone. Days of 23 and 25 hours are rounded away. */
function midnight(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

function capital(text: string): string {
  return system(text).replace(/^./u, (first) => first.toUpperCase());
}

/** Phones' own app tells its systems in lower case. */
function system(name: string): string {
  if (name === 'ios') return 'iOS';
  return name === 'android' ? 'Android' : name;
}
