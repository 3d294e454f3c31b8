// The rate limit.

import assert from 'node:assert/strict';
import { NOT_SIGNED_IN, assertPage, assertRefused, readLimit, tooManyRequests } from '../expect.mjs';
import { check } from '../harness.mjs';
import { call, clientFor } from '../wire.mjs';
import { admin, desktop, phone } from './scene.mjs';

export async function limiting() {
  const me = (options) => call('GET', 'me', { session: desktop, ...options });

  await check('calls are counted down to 429 with remaining 0 and a reset in epoch milliseconds', async () => {
    // The first call waits if an earlier run has used this minute up; some calls of this run may count already.
    const useUp = async () => {
      const answers = [await me()];
      const { limit } = readLimit(answers[0].headers);
      if (limit > 200) throw new Error(`the limit is set to ${limit}: too many to use up`);
      while (answers.at(-1).status === 200 && answers.length <= limit) answers.push(await me({ wait: false }));
      return answers;
    };
    let answers = await useUp();
    const remaining = () => answers.map(({ headers }) => readLimit(headers).remaining);
    // The window turned over in between: the next one is long enough.
    if (remaining().some((left, at, all) => at > 0 && left > all[at - 1])) answers = await useUp();

    const served = answers.slice(0, -1);
    assert.deepEqual(answers.map(({ status }) => status), [...served.map(() => 200), 429]);
    assert.deepEqual(remaining(), [...served.map((_, at) => served.length - 1 - at), 0]);
    const { headers, body } = answers.at(-1);
    const left = readLimit(headers).reset - Date.now();
    const seconds = Number(/You must wait (\d+) seconds/.exec(body.error)?.[1]);
    assert.deepEqual(body, tooManyRequests(seconds));
    assert.ok(Math.abs(seconds - left / 1000) < 5, `${seconds} s to wait, with ${left} ms left`);
  });

  await check('the client hands the 429 on, headers readable', async () => {
    const answer = await clientFor(desktop, { wait: false }).get('/v1/me').catch((response) => response);
    assert.ok(answer instanceof Response, 'the client must have rejected');
    assert.equal(answer.status, 429);
    assert.equal(readLimit(answer.headers).remaining, 0);
  });

  await check('other paths, the administrator and the refusal of strangers are not touched by it', async () => {
    const own = await call('GET', 'sessions/list', { session: desktop, wait: false });
    assertPage(own.body, { total: 1 });
    const { status } = await call('GET', 'me', { session: admin, wait: false });
    assert.equal(status, 200);
    assertRefused(await call('GET', 'me', { session: phone, wait: false }), NOT_SIGNED_IN);
  });
}
