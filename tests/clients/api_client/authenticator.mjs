// A second administrator enrols an authenticator, and proves it through the published client's callback.

import assert from 'node:assert/strict';
import { code } from '../authenticator.mjs';
import { assertPage, assertRefused } from '../expect.mjs';
import { check, essential } from '../harness.mjs';
import { clientFor, refusal } from '../wire.mjs';
import { DEVICES, newcomer, signIn } from '../workspace.mjs';
import { adminClient } from './scene.mjs';

/** Calls a method of the socket protocol through the client, and gives its result. */
async function method(client, name, ...params) {
  const message = JSON.stringify({ msg: 'method', id: '1', method: name, params });
  const answer = await client.post(`/v1/method.call/${name}`, { message });
  assert.equal(answer.success, true);
  const { msg, id, result } = JSON.parse(answer.message);
  assert.deepEqual([msg, id], ['result', '1']);
  return result;
}

/** The second administrator, and their session. */
export const second = newcomer();
export let session;

export async function authenticating() {
  let secret, codes;

  await essential('a second administrator enrols an authenticator by method.call', async () => {
    const { username, password, name, email } = second;
    const made = await adminClient.post('/v1/users.create', { username, password, name, email, verified: true, roles: ['admin', 'user'] });
    second._id = made.user._id;
    session = await signIn(DEVICES.chromeOnMac, { user: username, password });
    const client = clientFor(session);
    const begun = await method(client, '2fa:enable');
    secret = begun.secret;
    assert.match(secret, /^[A-Z2-7]+$/);
    assert.equal(begun.url, `otpauth://totp/Rocket.Chat:${username}?secret=${secret}`);
    ({ codes } = await method(client, '2fa:validateTempToken', code(secret)));
    assert.equal(codes.length, 12);
    assert.deepEqual(await method(client, '2fa:checkCodesRemaining'), { remaining: 12 });
    const me = await client.get('/v1/me');
    assert.deepEqual(me.services.totp, { enabled: true });
  });

  await check('the callback is asked for totp, and the code of the next step opens the list', async () => {
    const client = clientFor(session);
    const asked = [];
    client.handleTwoFactorChallenge(async (question) => {
      asked.push(question);
      if (asked.length > 3) throw new Error('the server never stops asking for a code');
      // The one that enrolled is used up; a clock may be one step ahead.
      return code(secret, asked.length === 1 ? 0 : 1);
    });
    assertPage(await client.get('/v1/sessions/list.all', { filter: second.username }), { total: 1 });
    assert.deepEqual(
      asked.map(({ method: by, invalidAttempt }) => [by, invalidAttempt]),
      [['totp', false], ['totp', true]],
    );
  });

  await check('a sign-in without a code is told which is wanted, as a 401', async () => {
    const { username, password } = second;
    const refused = await refusal(clientFor(DEVICES.mobileApp).post('/v1/login', { user: username, password }));
    const details = { method: 'totp', codeGenerated: false, availableMethods: ['totp'] };
    const body = { success: false, status: 'error', error: 'totp-required', message: 'TOTP Required', details };
    assertRefused(refused, { status: 401, body });
  });

  await check('a sign-in takes a recovery code once', async () => {
    const { username, password } = second;
    const signedIn = await signIn(DEVICES.mobileApp, { user: username, password, code: codes[0] });
    assert.equal(signedIn.userId, second._id);
    assert.deepEqual(await method(clientFor(session), '2fa:checkCodesRemaining'), { remaining: 11 });
    assert.equal(await method(clientFor(session), '2fa:disable', codes[0]), false);
    assert.equal(await method(clientFor(session), '2fa:disable', codes[1]), true);
    assert.deepEqual(await method(clientFor(session), '2fa:checkCodesRemaining'), { remaining: 0 });
  });

}

export async function deactivating() {
  await check('deactivating the second administrator ends their sessions', async () => {
    const { user } = await adminClient.post('/v1/users.setActiveStatus', { userId: second._id, activeStatus: false });
    assert.deepEqual(user, { _id: second._id, active: false });
    assert.equal((await refusal(clientFor(session).get('/v1/me'))).status, 401);
    const found = await adminClient.get('/v1/users.list', { sort: '{"createdAt":-1}', count: 1 });
    assert.deepEqual([found.users[0].username, found.users[0].active, found.count], [second.username, false, 1]);
    const info = await adminClient.get('/v1/users.info', { userId: second._id });
    assert.equal(info.user.active, false);
    await adminClient.post('/v1/users.delete', { userId: second._id });
  });
}
