// The list of all sessions, by an administrator who signed in on a socket, through that client's own REST client.

import assert from 'node:assert/strict';
import { CODE_WANTED, assertPage, assertRefused, assertRow } from '../expect.mjs';
import { check, essential } from '../harness.mjs';
import { refusal } from '../wire.mjs';
import { ADMIN_PASS, ADMIN_USER, DEVICES, secrets, sha256 } from '../workspace.mjs';
import { user } from './scene.mjs';
import { connect, soon } from './socket.mjs';

/** The administrator's client on a socket. */
export let boss;
/** The user's two sessions, as the list of all shows them. */
export let rows;

export async function listing() {
  await essential('an administrator signs in on a socket', async () => {
    boss = await connect(DEVICES.edgeOnWindows);
    await soon(boss.account.loginWithPassword(ADMIN_USER, sha256(ADMIN_PASS)), 'login');
    secrets.tokens.push(boss.account.user.token);
  });

  await essential('the client’s callback is asked for the second factor once', async () => {
    assertRefused(await refusal(boss.rest.get('/v1/sessions/list.all', {})), CODE_WANTED);
    const asked = [];
    boss.rest.handleTwoFactorChallenge(async ({ method }) => {
      asked.push(method);
      if (asked.length > 3) throw new Error('the server never stops asking for a code');
      return sha256(ADMIN_PASS);
    });
    assertPage(await listAll({ filter: user.username }), { total: 2 });
    await listAll({});
    assert.deepEqual(asked, ['password']);
  });

  await essential('a session is a token, not a socket, and its device the one that opened the first', async () => {
    const { sessions } = await listAll({ filter: user.username, sort: '{"loginAt":1}' });
    assert.equal(sessions.length, 2);
    const devices = [DEVICES.firefoxOnUbuntu, DEVICES.desktopApp];
    sessions.forEach((row, at) => {
      assertRow(row, { userId: user._id, ...devices[at] });
      assert.equal(row._user.username, user.username);
      assert.equal(row._user.name, user.name);
    });
    rows = { firefox: sessions[0], desktop: sessions[1] };
  });

  await check('sort, offset and count cut the sorted whole', async () => {
    const page = await listAll({ filter: user.username, sort: '{"device.name":-1}', offset: 1, count: 1 });
    assertPage(page, { count: 1, offset: 1, total: 2 });
    assert.deepEqual(page.sessions, [rows.firefox]);
  });

  await check('info.admin gives the list’s row, flat', async () => {
    const { sessionId } = rows.desktop;
    assert.deepEqual(await boss.rest.get('/v1/sessions/info.admin', { sessionId }), { ...rows.desktop, success: true });
  });
}

/** The list of all sessions. */
export const listAll = (query) => boss.rest.get('/v1/sessions/list.all', query);
