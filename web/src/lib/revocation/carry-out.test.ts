import { expect, test } from 'vitest';
import { Refused, Unreachable, type Problem } from '../api/client';
import { begin, follow, isCount, type Asking, type Receipt } from './carry-out';

const order = { preview: 'p', digest: 'd', reason: 'r' };
const at = '2026-11-24T12:00:00.000Z';
const receipt = (state: Receipt['state'], ended = 0): Receipt => ({
  id: 'p',
  state,
  ended,
  count: 3,
  digest: 'd',
  filter: '',
  previewed_at: at,
  expires_at: at,
});
const refused = (kind: string) =>
  new Refused({ type: `/problems/${kind}`, title: kind, status: 403, detail: '' } as Problem);
const never = new Promise<Receipt>(() => undefined);
const signal = new AbortController().signal;

function asked(answer: Promise<Receipt>, ...looks: (Receipt | Error)[]): Asking {
  return {
    begin: () => answer,
    look: async () => {
      const next = looks.length > 1 ? looks.shift() : looks[0];
      if (next instanceof Error) throw next;
      if (!next) throw new Error('nobody looks');
      return next;
    },
    every: 1,
  };
}

test('a refusal to begin is told, for a code to be asked for', async () => {
  await expect(begin(order, undefined, asked(Promise.reject(refused('step-up-required'))))).rejects.toThrow(
    'step-up-required',
  );
});

test('it has begun when the server says that it runs, though the answer is awaited still', async () => {
  const begun = await begin(order, undefined, asked(never, receipt('previewed'), receipt('running', 1)));
  expect(begun.receipt).toMatchObject({ state: 'running', ended: 1 });
});

test('it is followed until it is finished, through a server that is away for a while', async () => {
  const heard: [number | undefined, boolean][] = [];
  const asking = asked(never, new Unreachable(), receipt('running', 2), receipt('finished', 3));
  const done = await follow(
    { receipt: receipt('running', 1), answer: never },
    (receipt, reached) => heard.push([receipt.ended, reached]),
    signal,
    asking,
  );
  expect(done).toMatchObject({ state: 'finished', ended: 3 });
  expect(heard).toEqual([
    [1, false],
    [2, true],
    [3, true],
  ]);
});

test('who ended their own session has the receipt from the first answer', async () => {
  let give: (receipt: Receipt) => void = () => undefined;
  const answer = new Promise<Receipt>((resolve) => (give = resolve));
  const following = follow({ receipt: receipt('running'), answer }, () => undefined, signal, {
    ...asked(answer, refused('not-signed-in')),
  });
  setTimeout(() => give(receipt('finished', 3)), 5);
  expect(await following).toMatchObject({ state: 'finished', ended: 3 });
});

test('a refusal that waiting does not mend ends the following', async () => {
  const asking = asked(never, refused('not-permitted'));
  await expect(
    follow({ receipt: receipt('running'), answer: never }, () => undefined, signal, asking),
  ).rejects.toThrow('not-permitted');
});

test('a count is typed with its thousands apart or not, and exactly', () => {
  for (const typed of ['1204', '1,204', ' 1 204 ', '1.204', "1'204"]) expect(isCount(typed, 1204)).toBe(true);
  for (const typed of ['', '120', '12040', '1204x', 'all']) expect(isCount(typed, 1204)).toBe(false);
});
