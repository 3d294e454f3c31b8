import { expect, test } from 'vitest';
import { EXAMPLES, explained, valueOf } from './offers';

test('each example says what it is one of', () => {
  for (const { text, note } of EXAMPLES) expect(note, text).toMatch(/^for example: /);
});

test('operators are explained where their field alone says too little', () => {
  const meaning = 'version of browser or app';
  expect(explained({ text: 'version<', meaning }).note).toBe('older than');
  expect(explained({ text: 'version~', meaning }).note).toBe('has in it: version of browser or app');
  expect(explained({ text: 'version:', meaning }).note).toBe(meaning);
});

test('the value of a term is what stands behind its operator', () => {
  const value = (term: string) => term.slice(valueOf(term).from, valueOf(term).to);
  expect(value('-ip:2001:db8::/32')).toBe('2001:db8::/32');
  expect(value('version<=130')).toBe('130');
  expect(value('login>30d')).toBe('30d');
});
