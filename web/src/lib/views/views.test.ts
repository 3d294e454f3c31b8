import { expect, test } from 'vitest';
import { isName, parted, type View } from './views';

const view = (name: string, username: string, own: boolean): View => ({
  name,
  own,
  q: '',
  sort: '',
  shared: !own,
  updated_at: '2026-11-24T12:00:00.000Z',
  user: { id: username, username },
});

test('one’s own come first, by name, then those of others', () => {
  const { own, others } = parted([
    view('b', 'me', true),
    view('a', 'zoe', false),
    view('a', 'me', true),
    view('a', 'anna', false),
  ]);
  expect(own.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(others.map(({ user }) => user.username)).toEqual(['anna', 'zoe']);
});

test('a name of dots is none', () => {
  for (const name of ['', '.', '..']) expect(isName(name)).toBe(false);
  for (const name of ['a', '...', 'a/b', '.a']) expect(isName(name)).toBe(true);
});
