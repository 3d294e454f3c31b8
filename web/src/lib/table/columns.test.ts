import { expect, test } from 'vitest';
import { bounded, kept, NARROWEST, shown, type Column, WIDEST } from './columns';

const ALL: Column[] = [
  { name: 'user', label: 'User', width: 200 },
  { name: 'device', label: 'Device', width: 150 },
  { name: 'ip', label: 'Address', width: 120 },
];

test('without a choice the first columns are shown', () => {
  expect(shown(ALL, ['user', 'ip'], null).map(({ name }) => name)).toEqual(['user', 'ip']);
  expect(shown(ALL, ['user', 'ip'], { gone: 100 }).map(({ name }) => name)).toEqual(['user', 'ip']);
});

test('chosen ones keep their widths, within bounds', () => {
  expect(kept(shown(ALL, ['user'], { ip: 300, device: 4 }))).toEqual({ device: NARROWEST, ip: 300 });
  expect(bounded(1e9)).toBe(WIDEST);
  expect(bounded(Number.NaN)).toBe(NARROWEST);
});
