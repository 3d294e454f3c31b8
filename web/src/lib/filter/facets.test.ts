import { expect, test } from 'vitest';
import { values } from './facets';

test('values that the filter does not tell apart are one', () => {
  const tally = {
    values: [
      { value: 'Windows', count: 50 },
      { value: 'Android', count: 30 },
      { value: 'android', count: 25 },
      { value: 'Mac OS', count: 20 },
      { value: '', count: 1 },
    ],
    more: 0,
  };
  expect(values('os', tally)).toEqual([
    { value: 'Android', count: 55, term: 'os:Android' },
    { value: 'Windows', count: 50, term: 'os:Windows' },
    { value: 'Mac OS', count: 20, term: 'os:"Mac OS"' },
    { value: '', count: 1, term: 'os:""' },
  ]);
});
