// One session looked at by the administrator, and what users see of their own.

import assert from 'node:assert/strict';
import { NO_SUCH_SESSION, assertDate, assertPage, assertRefused, assertRow } from '../expect.mjs';
import { check } from '../harness.mjs';
import { clientFor, refusal } from '../wire.mjs';
import { NOBODYS_ID, adminClient, adminsRow, desktop, firefox, mac, names, phone, rows, user } from './scene.mjs';

export async function lookingAtOne() {
  await check('info.admin gives the list’s row, flat', async () => {
    const answer = await adminClient.get('/v1/sessions/info.admin', { sessionId: rows.phone.sessionId });
    const { success, ...row } = answer;
    assert.equal(success, true);
    assertRow(row, phone);
    assert.deepEqual(row, rows.phone);
  });

  await check('info.admin of an unknown id is 404, and the id is no pattern', async () => {
    const { sessionId } = rows.phone;
    for (const id of [NOBODYS_ID, '.*', sessionId.slice(0, 16), `${sessionId}|x`, user._id]) {
      assertRefused(await refusal(adminClient.get('/v1/sessions/info.admin', { sessionId: id })), NO_SUCH_SESSION, id);
    }
  });
}

export async function theUsersOwn() {
  const client = clientFor(phone);

  await check('the user sees only their own rows, with current on the calling one', async () => {
    const page = await client.get('/v1/sessions/list', { sort: JSON.stringify({ loginAt: 1 }) });
    assertPage(page, { total: 4 });
    assert.deepEqual(names(page), ['firefox', 'phone', 'mac', 'desktop']);
    assert.deepEqual(page.sessions.map((row) => row.current), [false, true, false, false]);
    [firefox, phone, mac, desktop].forEach((session, at) => assertRow(page.sessions[at], session));
    const found = await client.get('/v1/sessions/list', { filter: 'firefox', count: 1 });
    assertPage(found, { count: 1, total: 1 });
    assert.deepEqual(names(found), ['firefox']);
  });

  await check('info of an own session tells its roles, times and day', async () => {
    const answer = await client.get('/v1/sessions/info', { sessionId: rows.mac.sessionId });
    assert.equal(answer.success, true);
    assertRow(answer, mac);
    assert.equal(answer.sessionId, rows.mac.sessionId);
    assert.equal(answer.loginAt, rows.mac.loginAt);
    assert.equal(answer.type, 'session');
    for (const name of ['instanceId', 'mostImportantRole', 'searchTerm']) assert.equal(typeof answer[name], 'string', name);
    assert.deepEqual(answer.roles, ['user']);
    for (const name of ['createdAt', '_updatedAt']) assertDate(answer[name], name);
    for (const name of ['lastActivityAt', 'closedAt']) if (name in answer) assertDate(answer[name], name);
    const at = new Date(answer.loginAt);
    assert.deepEqual([answer.day, answer.month, answer.year], [at.getUTCDate(), at.getUTCMonth() + 1, at.getUTCFullYear()]);
  });

  await check('info of a stranger’s, an unknown and an empty id is one and the same 404', async () => {
    const { sessionId } = await adminsRow();
    for (const id of [sessionId, NOBODYS_ID, '']) {
      assertRefused(await refusal(client.get('/v1/sessions/info', { sessionId: id })), NO_SUCH_SESSION, id);
    }
  });

  await check('me tells who is calling', async () => {
    const me = await client.get('/v1/me');
    const { _id, username, name, active, roles } = me;
    assert.deepEqual(
      { _id, username, name, active, roles },
      { _id: user._id, username: user.username, name: user.name, active: true, roles: ['user'] },
    );
    assert.equal(me.success, true);
    assert.equal(me.emails[0].address, user.email);
    assert.equal(typeof me.utcOffset, 'number');
    assert.match(me.status, /^(online|away|busy|offline)$/);
    assert.equal(typeof me.settings.preferences, 'object');
    assert.ok(me.avatarUrl.endsWith(`/avatar/${user.username}`), me.avatarUrl);
    assert.equal(me.services.password.exists, true);
  });
}
