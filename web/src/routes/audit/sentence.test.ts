import { expect, test } from 'vitest';
import { rows, sentence, times, touched, type Event } from './sentence';

const zoe = { id: 'zoe1', username: 'zoe' };
const admin = { id: 'admin1', username: 'admin' };
const event = (kind: string, detail: unknown, more: Partial<Event> = {}): Event => ({
  seq: 1,
  at: '2026-11-24T12:00:00.000Z',
  kind,
  outcome: 'done',
  actor: admin,
  subject: zoe,
  session: null,
  detail,
  hash: 'ab',
  ...more,
});
/** As it is read. */
const told = (of: Event) =>
  sentence(of)
    .map((piece) =>
      'words' in piece ? piece.words : 'who' in piece ? `<${piece.who}>` : `«${piece.theirs}»`,
    )
    .join('');

test('each kind has its sentence, and some one for what its details say', () => {
  expect(told(event('session.opened', { ip: '192.0.2.1', agent: 'x' }))).toBe(
    '<subject> signed in from «192.0.2.1»',
  );
  expect(told(event('session.ended', { reason: 'ended-by-administrator' }))).toBe(
    '<actor> ended a session of <subject>',
  );
  expect(told(event('session.ended', { reason: 'a-new-one' }))).toBe(
    'A session of <subject> ended: «a new one»',
  );
  expect(told(event('user.changed', { emails: {}, name: {} }))).toBe(
    '<actor> changed «addresses, name» of <subject>',
  );
  expect(told(event('user.changed', { name: {} }, { subject: admin }))).toBe(
    '<actor> changed their own «name»',
  );
  expect(told(event('password.set', {}, { subject: admin }))).toBe('<actor> changed their password');
  expect(told(event('factor.used', { factor: 'recovery-code' }))).toBe('<subject> used a recovery code');
  expect(told(event('sessions.read', { filter: '', endpoint: '/api/v2/sessions', times: 1 }))).toBe(
    '<actor> read all sessions',
  );
  expect(told(event('sessions.read', { filter: 'kind:x', endpoint: '/api/v2/audit', times: 1 }))).toBe(
    '<actor> read the audit: «kind:x»',
  );
  expect(told(event('request.refused', { reason: 'denied', endpoint: '/api/v2/users' }))).toBe(
    '<actor> was refused at «v2/users»: the permission is missing',
  );
  expect(told(event('revocation.finished', { ended: 1200 }))).toContain('1,200 sessions were ended');
});

test('what is not known is told by its kind, and forgotten details leave gaps', () => {
  expect(told(event('planet.landed', null))).toBe('«planet.landed», by: <actor>');
  expect(told(event('session.ended', null))).toBe('A session of <subject> ended: «»');
});

test('what others wrote stays what others wrote', () => {
  const filter = '{actor} <b>{subject}</b>';
  expect(told(event('sessions.read', { filter, endpoint: '/api/v2/sessions' }))).toBe(
    `<actor> read sessions: «${filter}»`,
  );
});

test('details are rows, their times instants; repeats are counted', () => {
  const read = event('sessions.read', { filter: 'os:ios', as_of: 1_795_953_600_000, times: 1200 });
  expect(rows(read)).toEqual([
    ['filter', 'os:ios'],
    ['as of', '2026-11-29T12:00:00.000Z'],
    ['times', '1,200'],
  ]);
  expect(times(read)).toBe(1200);
  expect(times(event('sessions.read', { times: 1 }))).toBeUndefined();
});

test('a filter leads to its sessions, of the past as it was', () => {
  const href = (kind: string, detail: unknown) => touched(event(kind, detail))?.href;
  expect(href('revocation.begun', { filter: 'os:linux', count: 2 })).toBe('/sessions?q=os%3Alinux');
  expect(href('sessions.read', { endpoint: '/api/v2/sessions', filter: 'zoe', as_of: 0 })).toBe(
    '/sessions?q=zoe&as_of=1970-01-01T00%3A00%3A00.000Z',
  );
  expect(href('sessions.read', { endpoint: '/api/v2/audit', filter: 'kind:session.*' })).toBeUndefined();
  expect(href('service-token.made', { name: 'siem' })).toBe('/service-tokens');
  expect(href('session.opened', { ip: '192.0.2.1' })).toBeUndefined();
});
