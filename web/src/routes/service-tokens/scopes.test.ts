import { expect, test } from 'vitest';
import { dayAhead, expiryFields, networksOf, noNetworks } from './scopes';

test('networks are taken as they were typed', () => {
  expect(networksOf(' 192.0.2.0/24\n\n2001:db8::1, 10.0.0.1 ')).toEqual([
    '192.0.2.0/24',
    '2001:db8::1',
    '10.0.0.1',
  ]);
  expect(networksOf('\n')).toEqual([]);
});

test('what can be no network is told apart', () => {
  expect(noNetworks(['192.0.2.0/24', '10.0.0.1', '2001:db8::/32', '::1', '::ffff:192.0.2.1'])).toEqual([]);
  expect(noNetworks(['office', '192.0.2', '10.0.0.0/x', '192.0.2.0/24/8'])).toHaveLength(4);
});

test('an expiry is an age, the end of a day, or nothing', () => {
  expect(expiryFields('90d', '')).toEqual({ expires_in: '90d' });
  expect(expiryFields('keep', '2026-12-24')).toEqual({});
  const { expires_at } = expiryFields('at', '2026-12-24');
  expect(new Date(expires_at ?? '').getTime()).toBe(new Date(2026, 11, 24, 23, 59, 59).getTime());
});

test('days ahead go over the ends of months and years', () => {
  expect(dayAhead(1, new Date(2026, 11, 31, 23, 30))).toBe('2027-01-01');
  expect(dayAhead(364, new Date(2026, 0, 2))).toBe('2027-01-01');
});
