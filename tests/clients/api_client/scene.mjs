// The sessions that every part of the run asks about, and the checks by which they come to be.
//
// Imports are live: `phone`, `rows` and the others have their values once `signingIn` and `steppingUp` have run.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { CODE_WANTED, assertId, assertPage, assertRefused, assertRow, loginRefused, readLimit } from '../expect.mjs';
import { check, essential, note } from '../harness.mjs';
import { call, clientFor, curl, heard, refusal } from '../wire.mjs';
import { ADMIN_PASS, ADMIN_USER, DEVICES, newcomer, sha256, signIn } from '../workspace.mjs';

/** An id that no session and no user has. */
export const NOBODYS_ID = 'a'.repeat(17);

/** The throw-away user; `_id` is there once the server has made them. */
export const user = newcomer();
/** The administrator's session, and a client for it that knows the second factor. */
export let admin, adminClient;
/** The user's sessions, in the order of signing in. */
export let firefox, phone, mac, desktop;
/** The same four as the list of all shows them, by the same names. */
export let rows;
/** What api-client asked of its two-factor callback. */
export const codesAsked = [];

export async function signingIn() {
  await essential('the administrator signs in through the client', async () => {
    admin = await signIn(DEVICES.chromeOnWindows, { user: ADMIN_USER, password: ADMIN_PASS });
    adminClient = clientFor(admin);
  });

  await essential('the administrator makes a user', async () => {
    const { username, password, name, email } = user;
    const made = await adminClient.post('/v1/users.create', { username, password, name, email });
    assert.equal(made.success, true);
    user._id = made.user._id;
    assertId(user._id, 'user._id');
    assert.equal(made.user.username, username);
    assert.equal(made.user.name, name);
    assert.equal(made.user.emails[0].address, email);
    assert.deepEqual(made.user.roles, ['user']);
    assert.equal(made.user.active, true);
    assert.equal('services' in made.user, false, 'services is never sent');
  });

  await essential('the user signs in from four devices, naming themselves in four ways', async () => {
    const { username, email, password } = user;
    // A moment between them, so that the order of loginAt is theirs.
    firefox = await signIn(DEVICES.firefoxOnUbuntu, { user: username, password });
    await pause(20);
    phone = await signIn(DEVICES.mobileApp, { user: email.toUpperCase(), password });
    await pause(20);
    mac = await signIn(DEVICES.chromeOnMac, { user: { username }, password: { digest: sha256(password), algorithm: 'sha-256' } });
    await pause(20);
    desktop = await signIn(DEVICES.desktopApp, { username, password });
    const sessions = [firefox, phone, mac, desktop];
    for (const session of sessions) assert.deepEqual([session.userId, session.username], [user._id, username]);
    assert.equal(new Set(sessions.map((session) => session.authToken)).size, 4, 'each sign-in has a token of its own');
  });

  await check('a wrong password and an unknown name are refused alike', async () => {
    const guest = clientFor(DEVICES.firefoxOnUbuntu);
    for (const name of [user.username, `${user.username}-nobody`]) {
      const refused = await refusal(guest.post('/v1/login', { user: name, password: 'not the password' }));
      assertRefused(refused, loginRefused('Unauthorized'), name);
    }
  });

  await check('password logins are counted, the administrator’s too', () => {
    const logins = heard.filter(({ request, status }) => request === 'POST /api/v1/login' && status !== 429);
    assert.equal(logins.length, 7);
    for (const { headers } of logins) readLimit(headers);
  });
}

export async function steppingUp() {
  await check('without a callback the list of all is refused with totp-required', async () => {
    assertRefused(await refusal(clientFor(admin).get('/v1/sessions/list.all', {})), CODE_WANTED);
  });

  await essential('the callback is asked, asked again after a wrong code, and the right code opens the list', async () => {
    adminClient.handleTwoFactorChallenge(async (question) => {
      codesAsked.push(question);
      if (codesAsked.length > 5) throw new Error('the server never stops asking for a code');
      return sha256(codesAsked.length === 1 ? 'not the password' : ADMIN_PASS);
    });
    assertPage(await listAll({ filter: user.username }), { total: 4 });
    assert.deepEqual(
      codesAsked.map(({ method, invalidAttempt }) => ({ method, invalidAttempt })),
      [{ method: 'password', invalidAttempt: false }, { method: 'password', invalidAttempt: true }],
    );
  });

  await check('the right code is remembered for this token and user agent', async () => {
    assertPage(await listAll({}), {});
    assert.equal(codesAsked.length, 2, 'nothing was asked again');
  });

  await check('the same token is asked from another user agent, and stays open from the first', async () => {
    assertRefused(await refusal(clientFor(elsewhere(admin)).get('/v1/sessions/list.all', {})), CODE_WANTED);
    await listAll({});
    assert.equal(codesAsked.length, 2, 'nothing was asked again');
  });

  await check('curl with the four headers gets the rows that the client gets', async () => {
    const query = { filter: user.username, sort: '{"device.name":1}', offset: 1, count: 2 };
    const credentials = { 'X-User-Id': admin.userId, 'X-Auth-Token': admin.authToken };
    const stepUp = { 'x-2fa-code': sha256(ADMIN_PASS), 'x-2fa-method': 'password' };
    const get = async (headers) => curl('sessions/list.all', headers, query) ?? (await likeCurl(headers, query));

    assertRefused(await get(credentials), CODE_WANTED, 'with two headers');
    const byCurl = await get({ ...credentials, ...stepUp });
    assert.equal(byCurl.status, 200, JSON.stringify(byCurl.body));
    assert.equal(byCurl.type, 'application/json');
    const byClient = await adminClient.get('/v1/sessions/list.all', query);
    assert.deepEqual(byCurl.body.sessions, byClient.sessions);
    assert.equal(byCurl.body.sessions.length, 2);
    assert.deepEqual(byCurl.body, byClient);
  });

  await essential('the list shows the four sign-ins with owner, device, host, address and time', async () => {
    const page = await listAll({ filter: user.username, sort: { loginAt: 1 } });
    assertPage(page, { total: 4 });
    assert.equal(page.sessions.length, 4);
    [firefox, phone, mac, desktop].forEach((session, at) => {
      assertRow(page.sessions[at], session);
      assert.equal(page.sessions[at]._user.username, user.username);
      assert.equal(page.sessions[at]._user.name, user.name);
    });
    const times = page.sessions.map((row) => row.loginAt);
    assert.deepEqual(times, times.toSorted(), 'oldest first');
    rows = Object.fromEntries(['firefox', 'phone', 'mac', 'desktop'].map((name, at) => [name, page.sessions[at]]));
  });

  await check('resume gives the same token back and makes no new row', async () => {
    const { status, data } = await clientFor(DEVICES.mobileApp).post('/v1/login', { resume: phone.authToken });
    assert.equal(status, 'success');
    assert.deepEqual([data.userId, data.authToken], [user._id, phone.authToken]);
    assert.deepEqual(await order({}), ['desktop', 'mac', 'phone', 'firefox']);
  });
}

/** The administrator's list of all sessions; `sort` may be an object. */
export function listAll({ sort, ...query }) {
  if (sort !== undefined) query.sort = typeof sort === 'string' ? sort : JSON.stringify(sort);
  return adminClient.get('/v1/sessions/list.all', query);
}

/** The user's rows in the order that `query` gives them, by the names used here. */
export async function order(query) {
  return names(await listAll({ filter: user.username, ...query }));
}

export function names({ sessions }) {
  const known = Object.entries(rows);
  return sessions.map(({ sessionId }) => known.find(([, row]) => row.sessionId === sessionId)?.[0] ?? `unknown ${sessionId}`);
}

/** The administrator's own row: the one that calls itself current. */
export async function adminsRow() {
  const { sessions } = await adminClient.get('/v1/sessions/list', { count: 100 });
  const current = sessions.filter((row) => row.current);
  assert.equal(current.length, 1, 'one row is the current one');
  return current[0];
}

/** The same token from a user agent that never gave a code. */
export function elsewhere(session) {
  return { ...session, userAgent: DEVICES.edgeOnWindows.userAgent };
}

async function likeCurl(headers, query) {
  note('there is no curl on the PATH: node’s fetch made this call');
  const path = `sessions/list.all?${new URLSearchParams(query)}`;
  const answer = await call('GET', path, { headers: { ...headers, 'User-Agent': 'curl/8.5.0' } });
  return { ...answer, type: answer.headers.get('content-type') };
}
