// The second administrator has codes by mail asked for, and proves them through the published client's callback.

import assert from 'node:assert/strict';
import { assertDate, assertPage, assertRefused } from '../expect.mjs';
import { check, essential, note } from '../harness.mjs';
import { hasOutbox, mailedCode } from '../outbox.mjs';
import { clientFor, refusal } from '../wire.mjs';
import { DEVICES } from '../workspace.mjs';
import { second, session } from './authenticator.mjs';
import { elsewhere, phone } from './scene.mjs';

const ENABLE = '/v1/users.2fa.enableEmail';
const DISABLE = '/v1/users.2fa.disableEmail';
const SEND = '/v1/users.2fa.sendEmailCode';
const DONE = { success: true };

const thrown = (sentence, errorType) => ({ status: 400, body: { success: false, error: `${sentence} [${errorType}]`, errorType } });

export async function mailing() {
  if (!hasOutbox) return note('no SERVER_BINARY and SERVER_DATA: mailed codes are left out, nobody here can read them');
  // From another user agent, so that nothing is remembered.
  const client = clientFor(elsewhere(session));
  const asked = [];
  client.handleTwoFactorChallenge(async (question) => {
    asked.push(question);
    if (asked.length > 5) throw new Error('the server never stops asking for a code');
    return mailedCode(second.email);
  });

  await check('an address that nobody has verified is not mailed to', async () => {
    const wanted = thrown('You need to verify your emails before setting up 2FA', 'error-invalid-user');
    assertRefused(await refusal(clientFor(phone).post(ENABLE)), wanted);
  });

  await essential('codes by mail are asked for from now on', async () => {
    assert.deepEqual(await client.post(ENABLE), DONE);
    const me = await client.get('/v1/me');
    assert.equal(me.services.email2fa.enabled, true);
  });

  await check('the refusal that asks for a code mails one, and says until when it is good', async () => {
    const bare = clientFor({ ...session, userAgent: DEVICES.firefoxOnUbuntu.userAgent });
    const { status, body } = await refusal(bare.get('/v1/sessions/list.all', {}));
    assert.deepEqual([status, body.errorType], [400, 'totp-required']);
    const { codeExpires, codeCount, ...details } = body.details;
    const wanted = { method: 'email', codeGenerated: true, availableMethods: ['email'], emailOrUsername: second.username };
    assert.deepEqual(details, wanted);
    assert.deepEqual([codeExpires.length, codeCount], [1, 1]);
    assertDate(codeExpires[0], 'codeExpires');
  });

  await check('the callback is told whose mailbox to look into, and the code from there opens the list', async () => {
    assertPage(await client.get('/v1/sessions/list.all', { filter: second.username }), { total: 1 });
    assert.deepEqual(asked, [{ method: 'email', emailOrUsername: second.username, invalidAttempt: false }]);
  });

  await check('a code is mailed on request, and names that nobody has are answered alike', async () => {
    const guest = clientFor(DEVICES.firefoxOnUbuntu);
    assert.deepEqual(await guest.post(SEND, { emailOrUsername: `${second.username}-nobody` }), DONE);
    assert.deepEqual(await guest.post(SEND, { emailOrUsername: second.email }), DONE);
    assertRefused(await refusal(guest.post(SEND, {})), thrown('emailOrUsername is required', 'error-parameter-required'));
  });

  await check('no more codes by mail: that asks for one, whatever is remembered', async () => {
    assert.deepEqual(await client.post(DISABLE), DONE);
    assert.equal(asked.length, 2);
    const me = await client.get('/v1/me');
    assert.notEqual(me.services.email2fa?.enabled, true);
  });
}
