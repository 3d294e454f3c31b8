import { expect, test } from 'vitest';
import { add, charactersBefore, has, opposite, terms, turned, unitAt, without } from './terms';

test('terms stand by themselves, with what quotes, slashes and parentheses hold together', () => {
  expect(terms('user:zoe  os:windows device:"Chrome 11*" -type:mobile')).toEqual([
    'user:zoe',
    'os:windows',
    'device:"Chrome 11*"',
    '-type:mobile',
  ]);
  expect(terms('(zoe OR anna) NOT chrome AND /^a b/')).toEqual(['(zoe OR anna)', 'NOT chrome', '/^a b/']);
  expect(terms(String.raw`user:/^ann \/[0-9]$/ "a \" b"`)).toEqual([
    String.raw`user:/^ann \/[0-9]$/`,
    String.raw`"a \" b"`,
  ]);
  expect(terms('ip:10.0.0.0/8 x/y z')).toEqual(['ip:10.0.0.0/8', 'x/y', 'z']);
});

test('what cannot be taken apart is one term', () => {
  expect(terms('zoe chrome OR firefox')).toEqual(['zoe chrome OR firefox']);
  expect(terms('(zoe OR anna')).toEqual(['(zoe OR anna']);
  expect(terms('a "b c')).toEqual(['a "b c']);
  expect(terms('')).toEqual([]);
});

test('terms are added and removed', () => {
  expect(add('', 'os:Ubuntu')).toBe('os:Ubuntu');
  expect(add('zoe', 'os:Ubuntu')).toBe('zoe os:Ubuntu');
  expect(add('zoe OR anna', 'os:Ubuntu')).toBe('(zoe OR anna) os:Ubuntu');
  expect(add('(zoe OR anna)', 'os:Ubuntu')).toBe('(zoe OR anna) os:Ubuntu');
  expect(has('zoe os:"ubuntu"', 'os:Ubuntu')).toBe(true);
  expect(has('zoe -os:Ubuntu', 'os:Ubuntu')).toBe(false);
  expect(without('zoe os:"ubuntu" -type:mobile', 'os:Ubuntu')).toBe('zoe -type:mobile');
});

test('terms are turned around, and back', () => {
  expect(turned('zoe os:"ubuntu" -type:mobile', 'os:Ubuntu')).toBe('zoe -os:"ubuntu" -type:mobile');
  expect(turned('zoe -type:mobile', '-type:mobile')).toBe('zoe type:mobile');
  expect(opposite('NOT zoe')).toBe('zoe');
  expect(opposite('name:"a OR b"')).toBe('-name:"a OR b"');
  expect(opposite('(zoe OR anna)')).toBe('-(zoe OR anna)');
  expect(turned('(zoe) OR (anna)', '(zoe) OR (anna)')).toBe('-((zoe) OR (anna))');
  expect(add('(zoe) OR (anna)', 'os:Ubuntu')).toBe('((zoe) OR (anna)) os:Ubuntu');
});

test('characters are those of the server, not halves of them', () => {
  expect(unitAt('🦊x', 1)).toBe(2);
  expect(charactersBefore('🦊x', 2)).toBe(1);
  expect(unitAt('ab', 9)).toBe(2);
});
