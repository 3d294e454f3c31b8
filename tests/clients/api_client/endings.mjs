// Sessions end: by the administrator, by their user, by logout, and with their user.

import assert from 'node:assert/strict';
import { NO_SUCH_SESSION, NO_SUCH_USER, NOT_SIGNED_IN, RESUME_REFUSED, assertRefused } from '../expect.mjs';
import { check, essential } from '../harness.mjs';
import { call, clientFor, refusal } from '../wire.mjs';
import { DEVICES } from '../workspace.mjs';
import {
  NOBODYS_ID,
  admin,
  adminClient,
  adminsRow,
  codesAsked,
  desktop,
  firefox,
  listAll,
  mac,
  names,
  order,
  phone,
  rows,
  user,
} from './scene.mjs';

export async function ending() {
  await essential('the administrator ends one session', async () => {
    const { sessionId } = rows.firefox;
    assert.deepEqual(await adminClient.post('/v1/sessions/logout', { sessionId }), { sessionId, success: true });
  });

  await check('its token is refused at once, by me and by resume', async () => {
    assertRefused(await call('GET', 'me', { session: firefox }), NOT_SIGNED_IN);
    const resumed = clientFor(DEVICES.firefoxOnUbuntu).post('/v1/login', { resume: firefox.authToken });
    assertRefused(await refusal(resumed), RESUME_REFUSED);
  });

  await check('its row is gone from all lists, and the other sessions still work', async () => {
    assert.deepEqual(await order({}), ['desktop', 'mac', 'phone']);
    assert.deepEqual(names(await clientFor(phone).get('/v1/sessions/list', {})), ['desktop', 'mac', 'phone']);
    const { sessionId } = rows.firefox;
    assert.equal((await listAll({ filter: sessionId })).total, 0);
    assertRefused(await refusal(adminClient.get('/v1/sessions/info.admin', { sessionId })), NO_SUCH_SESSION);
    for (const session of [phone, mac]) {
      const { status, body } = await call('GET', 'me', { session });
      assert.deepEqual([status, body.username], [200, user.username]);
    }
  });

  await check('ending it again, or an unknown one, is 404', async () => {
    for (const sessionId of [rows.firefox.sessionId, NOBODYS_ID]) {
      assertRefused(await refusal(adminClient.post('/v1/sessions/logout', { sessionId })), NO_SUCH_SESSION, sessionId);
    }
  });

  await check('the user ends another own session with logout.me, once', async () => {
    const client = clientFor(phone);
    const { sessionId } = rows.mac;
    assert.deepEqual(await client.post('/v1/sessions/logout.me', { sessionId }), { sessionId, success: true });
    assertRefused(await call('GET', 'me', { session: mac }), NOT_SIGNED_IN);
    assertRefused(await refusal(client.post('/v1/sessions/logout.me', { sessionId })), NO_SUCH_SESSION);
  });

  await check('the user cannot end a stranger’s session', async () => {
    const { sessionId } = await adminsRow();
    assertRefused(await refusal(clientFor(phone).post('/v1/sessions/logout.me', { sessionId })), NO_SUCH_SESSION);
    const { status } = await call('GET', 'me', { session: admin });
    assert.equal(status, 200);
  });

  await check('logout answers in the older shape and ends the calling token', async () => {
    assertLoggedOut(await clientFor(phone).post('/v1/logout', {}));
    assertRefused(await call('GET', 'me', { session: phone }), NOT_SIGNED_IN);
    assert.deepEqual(await order({}), ['desktop']);
  });

  await check('the second factor was asked for no more than at the start', () => {
    assert.equal(codesAsked.length, 2);
  });
}

// Runs also after a failure, so that nothing stays behind.
export async function leaving() {
  if (user._id) {
    await check('deleting the user ends their last session', async () => {
      assert.deepEqual(await adminClient.post('/v1/users.delete', { userId: user._id }), { success: true, deletedRooms: [] });
      if (!desktop) return;
      assertRefused(await call('GET', 'sessions/list', { session: desktop }), NOT_SIGNED_IN);
      const resumed = clientFor(DEVICES.desktopApp).post('/v1/login', { resume: desktop.authToken });
      assertRefused(await refusal(resumed), RESUME_REFUSED);
      assert.equal((await listAll({ filter: user.username })).total, 0);
    });
    await check('deleting them again is refused', async () => {
      assertRefused(await refusal(adminClient.post('/v1/users.delete', { userId: user._id })), NO_SUCH_USER);
    });
  }
  if (admin) {
    await check('logout works with GET too, as @rocket.chat/sdk asks, and ends the administrator’s token', async () => {
      assertLoggedOut(await adminClient.get('/v1/logout'));
      assertRefused(await call('GET', 'me', { session: admin }), NOT_SIGNED_IN);
    });
  }
}

function assertLoggedOut(answer) {
  assert.deepEqual(answer, { status: 'success', data: { message: "You've been logged out!" }, success: true });
}
