import { expect, test } from 'vitest';
import { has, term, terms, toggle } from './terms';

test('a value is quoted where the language would read something else in it', () => {
  expect(term('user', 'zoe.k-2')).toBe('user:zoe.k-2');
  expect(term('actor', '-zoe')).toBe('actor:-zoe');
  expect(term('actor', 'system')).toBe('actor:"system"');
  expect(term('actor', 'nightly "job" *\\')).toBe('actor:"nightly \\"job\\" \\*\\\\"');
});

test('terms end at spaces, but not within quotes', () => {
  expect(terms(' kind:session.*  -actor:"night ly" "two words" at<7d ')).toEqual([
    'kind:session.*',
    '-actor:"night ly"',
    '"two words"',
    'at<7d',
  ]);
  expect(terms('actor:"unfinished here')).toEqual(['actor:"unfinished here']);
  expect(terms('')).toEqual([]);
});

test('a term goes on and off, in the place of others about the same', () => {
  expect(toggle('', 'kind:session.opened')).toBe('kind:session.opened');
  expect(toggle('kind:session.opened chrome', 'kind:session.opened')).toBe('chrome');
  expect(toggle('kind:session.opened chrome at<1h', 'kind:session.ended')).toBe(
    'chrome at<1h kind:session.ended',
  );
  expect(toggle('at<1h chrome', 'at<7d')).toBe('chrome at<7d');
  expect(toggle('-kind:mail.queued', 'kind:session.ended')).toBe('-kind:mail.queued kind:session.ended');
  expect(has('kind:session.ended', 'kind:session')).toBe(false);
});
