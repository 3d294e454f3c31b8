import { expect, test } from 'vitest';
import type { Schemas } from '../../lib/api/client';
import { actor, happened, isByAnother } from './events';

const zoe = { id: 'Z', username: 'zoe' };
const event = (more: object): Schemas['Event'] => ({
  seq: 1,
  at: '2026-11-24T12:00:00.000Z',
  kind: 'session.ended',
  outcome: 'done',
  actor: zoe,
  subject: zoe,
  session: 'S',
  detail: {},
  hash: '',
  ...more,
});

test('a sign-in and an ending are told in words', () => {
  expect(happened(event({ kind: 'session.opened', detail: { ip: '10.1.0.7' } }))).toEqual({
    what: 'signed in',
    from: '10.1.0.7',
  });
  expect(happened(event({ detail: { reason: 'expired' } })).what).toBe('session ended: expired');
  expect(happened(event({ detail: { reason: 'a-new-one' } })).what).toBe('session ended: a-new-one');
});

test('details that were forgotten, or are other than expected, break nothing', () => {
  for (const detail of [null, undefined, 'text', { reason: 7 }, { ip: {} }]) {
    expect(happened(event({ detail })).what).toContain('session ended');
    expect(happened(event({ kind: 'session.opened', detail })).from).toBe('');
  }
});

test('who did it is told where it was somebody else', () => {
  expect(isByAnother(event({}))).toBe(false);
  expect(isByAnother(event({ actor: { kind: 'system' } }))).toBe(false);
  expect(isByAnother(event({ actor: { id: 'A', username: 'admin' } }))).toBe(true);
  const program = event({ actor: { service: { id: '7', name: 'siem' } } });
  expect([isByAnother(program), actor(program)]).toEqual([true, 'program siem']);
  expect(actor(event({ actor: { id: 'X', username: null } }))).toBe('(erased)');
  expect(actor(event({ actor: null }))).toBe('(erased)');
});
