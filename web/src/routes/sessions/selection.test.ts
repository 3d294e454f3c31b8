import { expect, test } from 'vitest';
import { MOST, Selection } from './selection.svelte';

test('some are found by their ids, all by the filter', () => {
  const selection = new Selection();
  selection.set(['a', 'b', 'c'], true);
  selection.set(['b']);
  expect(selection.filter('os:x')).toBe('id:a OR id:c');
  selection.all = true;
  expect(selection.filter('os:x')).toBe('os:x');
  expect(selection.has('b')).toBe(true);
  selection.set(['b'], true);
  expect(selection.all, 'one that is chosen ends "all"').toBe(false);
  selection.drop('a');
  expect(selection.filter('')).toBe('id:c OR id:b');
});

test('no more are taken than a filter has terms', () => {
  const selection = new Selection();
  const ids = Array.from({ length: MOST + 1 }, (_, i) => `s${i}`);
  expect(selection.set(ids, true)).toBe(false);
  expect(selection.size).toBe(MOST);
});
