import { expect, test } from 'vitest';
import { groups } from './versions';

const told = (versions: Record<string, number>) =>
  groups(Object.entries(versions).map(([value, count]) => ({ value, count }))).map(
    ({ terms, count }) => `${terms.join(' ')}: ${count}`,
  );

test('versions are grouped by how far they are behind the newest', () => {
  expect(
    told({
      '146.0.0': 277,
      '146.0.7680': 41,
      '145.0.0': 176,
      '142.0': 4,
      '141.0': 5,
      '133': 2,
      '109.0.0': 18,
    }),
  ).toEqual([
    'version>=146: 318',
    'version>=142 version<146: 180',
    'version>=134 version<142: 5',
    'version<134: 20',
  ]);
});

test('a version that next to nobody has does not make all others old', () => {
  expect(told({ '9999.0': 1, '146.0': 500, '145.0': 10 })[0]).toBe('version>=146: 501');
});

test('where all have the same first number, the second tells', () => {
  expect(told({ '4.69.0': 38, '4.66.0': 9, '4.57.1': 4, '4.47.0': 9 })).toEqual([
    'version>=4.69: 38',
    'version>=4.65 version<4.69: 9',
    'version>=4.57 version<4.65: 4',
    'version<4.57: 9',
  ]);
});

test('where nearly all have the same first number, others are older or newer than all of those', () => {
  expect(told({ '4.69.0': 60, '4.66.0': 30, '3.9.0': 1, '5.0.0': 1 })).toEqual([
    'version>=4.69: 61',
    'version>=4.65 version<4.69: 30',
    'version>=4.57 version<4.65: 0',
    'version<4.57: 1',
  ]);
  expect(told({ '146.0': 95, '145.0': 5 })[0], 'second numbers that are all the same tell nothing').toBe(
    'version>=146: 95',
  );
});

test('where every version is rare the highest is the newest', () => {
  const rare = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`${i}.0`, 1]));
  expect(told(rare)[0]).toBe('version>=199: 1');
});

test('low versions have fewer groups, and none has no groups', () => {
  expect(told({ '3': 2, '1': 1 })).toEqual(['version>=3: 2', 'version<3: 1']);
  expect(told({ '0.1': 2 })).toEqual(['version>=0: 2', 'version<0: 0']);
  expect(told({ '': 5, beta: 2 })).toEqual([]);
});

test('what a group is called is what it asks for', () => {
  const [newest, middle, , oldest] = groups([
    { value: '146.0', count: 3 },
    { value: '145.0', count: 1 },
  ]);
  expect(newest).toMatchObject({ first: '146' });
  expect(middle).toMatchObject({ first: '142', last: '145' });
  expect(oldest).toEqual({ terms: ['version<134'], last: '133', count: 0 });
});
