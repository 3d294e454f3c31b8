import { expect, test } from 'vitest';
import type { Receipt } from './carry-out';
import { ofContainment, ofRevocation, said } from './receipt';

const at = '2026-11-24T12:00:00.000Z';
const receipt: Receipt = {
  id: 'prev1ew',
  state: 'finished',
  filter: 'user:zoe',
  digest: 'd1d1',
  count: 1204,
  previewed_at: at,
  expires_at: at,
  reason: 'case 4711',
  begun_at: at,
  first_seq: 12001,
  ended: 1203,
  already_gone: 1,
  newer: 2,
  finished_at: at,
  took_ms: 1500,
  last_seq: 12005,
  head_hash: 'ab12',
  lag: [{ node: 'n1', lag_us: 1234 }],
};
const texts = (lines: object[]) => lines.map((line) => JSON.stringify(line)).join('\n');

test('a receipt is said in sentences, and what there is none of is left out', () => {
  expect(said(receipt, true)).toEqual([
    '1,203 sessions are ended.',
    '1 more of them had ended before by itself.',
    '2 sessions that the filter finds were opened since you looked, and stay.',
    'Your own session was among them. Sign in again to go on.',
  ]);
  expect(said({ ...receipt, ended: 1, already_gone: 0, newer: 0 }, false)).toEqual(['1 session is ended.']);
  expect(said({ ...receipt, newer: null }, false)).toContain(
    'How many were opened since you looked is not known: counting took too long.',
  );
});

test('every member of a receipt stands in its lines', () => {
  const lines = texts(ofRevocation(receipt, 'anna'));
  for (const value of [
    'prev1ew',
    'finished',
    'user:zoe',
    'd1d1',
    '1,204',
    '1,203',
    'case 4711',
    'anna',
    '1,500 ms',
  ]) {
    expect(lines).toContain(value);
  }
  expect(lines).toContain('12001 to 12005');
  expect(lines).toContain('1.2 ms on node n1');
  expect(lines).toContain('rollcall audit verify --expect 12005:ab12');
  expect(texts(ofRevocation({ ...receipt, filter: '' }, 'anna'))).toContain('everybody');
});

test('a containment that had nothing to do says so', () => {
  const done = { at, sessions_ended: 0, tokens_ended: 0, ledger: null, head: { seq: 7, hash: 'cd' } };
  const lines = texts(ofContainment(done, 'zoe', 'anna'));
  expect(lines).toContain('none');
  expect(lines).toContain('--expect 7:cd');
});
