import { expect, test } from 'vitest';
import { device, exactly, grouped, since, what, type Session } from './words';

const session = (values: Partial<Session>): Session => ({
  id: 'x',
  current: false,
  device_type: 'browser',
  device_name: 'Chrome',
  device_version: '131.0.0',
  os_name: 'Windows',
  os_version: '10',
  expires_at: '2027-01-01T00:00:00.000Z',
  factor: 'none',
  host: 'chat.example.org',
  ip: '192.0.2.1',
  login_at: '2026-11-01T00:00:00.000Z',
  seen_at: '2026-11-02T00:00:00.000Z',
  name: null,
  user_id: 'u',
  username: 'zoe',
  ...values,
});

test('a device is called as its owner calls it', () => {
  expect(device(session({}))).toBe('Windows computer');
  expect(device(session({ os_name: 'Mac OS' }))).toBe('Mac');
  expect(device(session({ device_type: 'mobile-app', os_name: 'ios' }))).toBe('iPhone');
  expect(device(session({ device_type: 'mobile-app', os_name: 'android' }))).toBe('Android phone');
  expect(device(session({ device_type: 'tablet', os_name: 'iOS' }))).toBe('iPad');
  expect(device(session({ device_type: 'smarttv', os_name: '' }))).toBe('Television');
  expect(device(session({ device_type: 'other', os_name: '' }))).toBe('Other programs');
});

test('a session is said in words, and what is not known is said to be', () => {
  expect(what(session({}))).toBe('Chrome on Windows');
  expect(what(session({ device_name: '', os_name: '' }))).toBe('An unknown program');
  expect(exactly(session({}))).toEqual({ program: 'Chrome 131.0.0', system: 'Windows 10' });
  expect(exactly(session({ device_name: '', device_version: '', os_name: '', os_version: '' }))).toEqual({
    program: 'not known',
    system: 'not known',
  });
});

test('the current session is first, its device too, and the others by when they were seen', () => {
  const devices = grouped([
    session({ id: 'old', seen_at: '2026-11-01T00:00:00.000Z' }),
    session({ id: 'new', seen_at: '2026-11-09T00:00:00.000Z' }),
    session({ id: 'phone', device_type: 'mobile', os_name: 'iOS', seen_at: '2026-11-05T00:00:00.000Z' }),
    session({ id: 'this', os_name: 'Linux', current: true, seen_at: '2026-10-01T00:00:00.000Z' }),
  ]);
  expect(devices.map(({ name, sessions }) => [name, sessions.map(({ id }) => id)])).toEqual([
    ['Linux computer', ['this']],
    ['Windows computer', ['new', 'old']],
    ['iPhone', ['phone']],
  ]);
});

test('a day is named as people name it', () => {
  const now = new Date(2026, 10, 24, 12, 0);
  expect(since(new Date(2026, 10, 24, 9, 5), now)).toBe('today, 09:05');
  expect(since(new Date(2026, 10, 23, 23, 59), now)).toBe('yesterday, 23:59');
  expect(since(new Date(2026, 10, 18, 0, 0), now)).toBe('Wednesday');
  expect(since(new Date(2026, 10, 17, 23, 59), now)).toBe('17 November');
  expect(since(new Date(2025, 10, 17), now)).toBe('17 November 2025');
  // A clock that is off does not speak of the future.
  expect(since(new Date(2026, 10, 24, 13, 0), now)).toBe('today, 13:00');
});
