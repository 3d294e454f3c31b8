import { expect, test } from 'vitest';
import { Refused, Unreachable, type Problem } from '../../lib/api/client';
import { endOthers, type Far } from './end-others';

const refused = (kind: string, until?: string) =>
  new Refused({
    type: `/problems/${kind}`,
    title: kind,
    status: 400,
    detail: '',
    ...(until ? { until } : {}),
  } as Problem);

test('each is ended once, in order, and how far it is is told', async () => {
  const [ended, heard]: [string[], Far[]] = [[], []];
  await endOthers(
    ['a', 'b'],
    async (id) => ended.push(id),
    (far) => heard.push(far),
  );
  expect(ended).toEqual(['a', 'b']);
  expect(heard.map(({ done }) => done)).toEqual([0, 1, 2]);
});

test('one that had ended before is passed over', async () => {
  const ended: string[] = [];
  const end = async (id: string) => {
    if (id === 'a') throw refused('no-such-session');
    ended.push(id);
  };
  await endOthers(['a', 'b'], end, () => undefined);
  expect(ended).toEqual(['b']);
});

test('a server that is gone stops it, and what was done is known', async () => {
  const heard: Far[] = [];
  const end = async (id: string) => {
    if (id === 'b') throw new Unreachable();
  };
  await expect(endOthers(['a', 'b', 'c'], end, (far) => heard.push(far))).rejects.toThrow(Unreachable);
  expect(heard.at(-1)).toEqual({ done: 1, of: 3 });
});

test('a limit is waited for', async () => {
  let asked = 0;
  const until = '2026-11-24T12:00:00.000Z';
  const heard: Far[] = [];
  const end = async () => {
    if (asked++ === 0) throw refused('too-many-requests', until);
  };
  await endOthers(
    ['a'],
    end,
    (far) => heard.push(far),
    () => new Date(until).getTime(),
  );
  expect(asked).toBe(2);
  expect(heard[1]?.pausedUntil).toEqual(new Date(until));
});
