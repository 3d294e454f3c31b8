import { beforeEach, expect, test } from 'vitest';
import { List } from './list';

interface Row {
  id: string;
  text: string;
}
const row = (id: string): Row => ({ id, text: '' });
const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => row(`r${from + i}`));

let list: List<Row>;
beforeEach(() => {
  list = new List();
  list.rows = 1000;
  list.put(0, ids(0, 100));
});

test('what was not read is told as one stretch', () => {
  expect(list.missing(10, 50)).toBeUndefined();
  expect(list.missing(90, 130)).toEqual([100, 130]);
  expect(list.missing(990, 1050)).toEqual([990, 999]);
  list.put(110, ids(110, 120));
  expect(list.missing(95, 118)).toEqual([100, 109]);
});

test('what leaves stays where it is until its gap is closed', () => {
  expect(list.leave('r3', 1)).toBe(true);
  expect(list.leave('r3', 1), 'not twice').toBe(false);
  expect(list.leave('unknown', 1)).toBe(false);
  expect(list.get(3)?.id).toBe('r3');
  expect(list.offset(3)).toBe(3);
  expect(list.offset(4)).toBe(3);
  expect(list.close(0)).toEqual([]);
  expect(list.close(1)).toEqual([3]);
  expect(list.get(3)?.id).toBe('r4');
  expect(list.indexOf('r99')).toBe(98);
  expect(list.indexOf('r3')).toBeUndefined();
  expect(list.rows).toBe(999);
  expect(list.missing(0, 99)).toEqual([99, 99]);
});

test('rows that are read go around what is leaving', () => {
  list.leave('r99', 1);
  list.put(99, [row('r100'), row('r101')]);
  expect([99, 100, 101].map((i) => list.get(i)?.id)).toEqual(['r99', 'r100', 'r101']);
});

test('a row changes in its place, and is back when it had left', () => {
  list.leave('r5', 1);
  expect(list.change('r5', (item) => ({ ...item, text: 'new' }))).toBe(true);
  expect(list.get(5)?.text).toBe('new');
  expect(list.isLeaving('r5')).toBe(false);
  expect(list.change('r500', (item) => item)).toBe(false);
});

test('a row is nowhere twice', () => {
  expect(list.put(100, [row('r99'), row('r100')])).toBe(false);
  expect(list.get(99)).toBeUndefined();
  expect(list.indexOf('r99')).toBe(100);
});

test('what was read anew says how far it moved', () => {
  expect(list.renew(10, ids(12, 60), 998, 'r20')).toBe(-2);
  expect(list.get(18)?.id).toBe('r20');
  expect(list.rows).toBe(998);
  expect(list.get(0), 'the rest is forgotten').toBeUndefined();
  expect(list.renew(10, ids(12, 60), 998, 'gone')).toBe(0);
});

test('no more is held than can be needed', () => {
  list.rows = 100_000;
  for (let at = 0; at < 20_000; at += 500) list.put(at, ids(at, at + 500));
  expect(list.get(0)).toBeUndefined();
  expect(list.get(19_999)?.id).toBe('r19999');
});
