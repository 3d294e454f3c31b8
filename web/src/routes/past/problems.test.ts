import { expect, test } from 'vitest';
import { Refused, Unreachable, type Problem } from '../../lib/api/client';
import { earliestOf, told } from './problems';

const refused = (kind: string, more: object = {}) =>
  new Refused({ type: `/problems/${kind}`, title: 'T', status: 400, detail: 'D', ...more } as Problem);

test('each refusal of an instant is told in words', () => {
  const kinds = [
    'as-of-too-early',
    'as-of-in-the-future',
    'as-of-forgotten',
    'as-of-too-large',
    'as-of-busy',
  ];
  const titles = kinds.map((kind) => told(refused(kind))?.title);
  expect(new Set(titles).size).toBe(kinds.length);
  expect(titles).not.toContain(undefined);
});

test('the earliest instant is told, when it is one', () => {
  const earliest = '2026-08-31T19:00:58.537Z';
  expect(earliestOf(refused('as-of-too-early', { earliest }))).toBe(Date.parse(earliest));
  expect(told(refused('as-of-too-early', { earliest }))?.earliest).toBe(Date.parse(earliest));
  expect(told(refused('as-of-too-early', { earliest: 7 }))).not.toHaveProperty('earliest');
  expect(earliestOf(refused('as-of-busy', { earliest }))).toBeUndefined();
});

test('what is not about the instant is left to others', () => {
  expect(told(refused('not-permitted'))).toBeUndefined();
  expect(told(new Unreachable())).toBeUndefined();
});
