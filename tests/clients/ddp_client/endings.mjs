// Sessions end, and their sockets with them: told first, then cut.

import assert from 'node:assert/strict';
import { NOT_SIGNED_IN, assertPage, assertRefused } from '../expect.mjs';
import { check, essential } from '../harness.mjs';
import { call } from '../wire.mjs';
import { DEVICES } from '../workspace.mjs';
import { boss, listAll, rows } from './lists.mjs';
import { admin, adminClient, desktop, desktopAgain, firefox, meteorError, user } from './scene.mjs';
import { connect, droppedRefusals, end, frames, pings, refusedWith, sessionOf, soon } from './socket.mjs';
import { NOT_ALLOWED, told } from './subscriptions.mjs';

export const LOGGED_OUT = meteorError(403, "You've been logged out by the server. Please log in again.");

export async function ending() {
  await essential('the administrator ends a session: both its sockets are told, then cut', async () => {
    const { sessionId } = rows.desktop;
    const cut = Promise.all([end(desktop), end(desktopAgain)]);
    assert.deepEqual(await boss.rest.post('/v1/sessions/logout', { sessionId }), { sessionId, success: true });
    assert.deepEqual(await cut, [[1008, 'force_logout'], [1008, 'force_logout']]);
    assert.deepEqual([told.desktop, told.desktopAgain], [[[sessionId]], [[sessionId]]]);
  });

  await check('both clients connect again, resume with the dead token, and stay though it is refused', async () => {
    assert.deepEqual(await droppedRefusals(2), [LOGGED_OUT, LOGGED_OUT]);
    for (const { connection } of [desktop, desktopAgain]) assert.equal(connection.status, 'connected');
  });

  await check('the user’s other socket was told nothing, and answers', async () => {
    assert.deepEqual(await pings(firefox, 'p-2'), { msg: 'pong', id: 'p-2' });
    assert.deepEqual(told.firefox, []);
    const page = await listAll({ filter: user.username });
    assertPage(page, { total: 1 });
    assert.deepEqual(page.sessions, [rows.firefox]);
  });

  await check('the ended token is refused by REST and by a new socket, which stays', async () => {
    const session = sessionOf(desktop, DEVICES.desktopApp);
    assertRefused(await call('GET', 'me', { session }), NOT_SIGNED_IN);
    const late = await connect(DEVICES.chromeOnMac);
    assert.deepEqual(await refusedWith(late.account.loginWithToken(session.authToken)), LOGGED_OUT);
    assert.deepEqual(await pings(late, 'p-3'), { msg: 'pong', id: 'p-3' });
  });

  await check('logout on a socket ends the token and what it listened to, and the socket stays', async () => {
    const session = sessionOf(firefox, DEVICES.firefoxOnUbuntu);
    await soon(firefox.account.logout(), 'result');
    assertRefused(await call('GET', 'me', { session }), NOT_SIGNED_IN);
    assertPage(await listAll({ filter: user.username }), { total: 0 });
    assert.deepEqual(await pings(firefox, 'p-4'), { msg: 'pong', id: 'p-4' });
    assert.deepEqual(told.firefox, [], 'who signs out is not told of it');
    const again = firefox.stream('notify-user', `${user._id}/force_logout`, () => undefined);
    assert.deepEqual(await refusedWith(again.ready()), NOT_ALLOWED);
  });
}

// Runs also after a failure, so that nothing stays behind.
export async function leaving() {
  if (user._id) {
    await check('the user is deleted', async () => {
      assert.deepEqual(await adminClient.post('/v1/users.delete', { userId: user._id }), { success: true, deletedRooms: [] });
    });
  }
  if (admin) {
    await check('the administrator leaves by socket and by REST', async () => {
      if (boss) await soon(boss.account.logout(), 'result');
      await adminClient.post('/v1/logout', {});
      assertRefused(await call('GET', 'me', { session: admin }), NOT_SIGNED_IN);
    });
  }
  await check('every frame was text with a JSON object, and a result is a value or an error', () => {
    for (const { text, binary } of frames) {
      assert.equal(binary, false);
      const frame = JSON.parse(text);
      assert.equal(Object.prototype.toString.call(frame), '[object Object]', text);
      assert.ok(!('result' in frame && 'error' in frame), text);
    }
  });
}
