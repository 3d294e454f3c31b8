// The sockets that every part of the run uses, and the checks by which they come to be.

import assert from 'node:assert/strict';
import { assertId } from '../expect.mjs';
import { check, essential } from '../harness.mjs';
import { call, clientFor } from '../wire.mjs';
import { ADMIN_PASS, ADMIN_USER, DEVICES, newcomer, secrets, sha256, signIn } from '../workspace.mjs';
import { connect, pings, refusedWith, sessionOf, soon } from './socket.mjs';

/** The throw-away user; `_id` is there once the server has made them. */
export const user = newcomer('ddp');
/** The administrator's REST session, and a client for it. */
export let admin, adminClient;
/** The user's sockets: on two devices, and a second one of the desktop's session. */
export let firefox, desktop, desktopAgain;

export async function connecting() {
  await essential('an administrator makes a user', async () => {
    admin = await signIn(DEVICES.chromeOnWindows, { user: ADMIN_USER, password: ADMIN_PASS });
    adminClient = clientFor(admin);
    user._id = await make(user);
  });

  await essential('two sockets connect, each a session of the protocol of its own', async () => {
    firefox = await connect(DEVICES.firefoxOnUbuntu);
    desktop = await connect(DEVICES.desktopApp);
    for (const { connection } of [firefox, desktop]) {
      assert.equal(connection.status, 'connected');
      assertId(connection.session, 'session');
    }
    assert.notEqual(firefox.connection.session, desktop.connection.session);
  });

  await check('a ping is answered with its id, and one without an id without', async () => {
    assert.deepEqual(await pings(firefox, 'p-1'), { msg: 'pong', id: 'p-1' });
    assert.deepEqual(await pings(firefox), { msg: 'pong' });
  });
}

export async function signingIn() {
  await check('a wrong password and an unknown name are refused alike, and the sockets stay', async () => {
    for (const name of [user.username, `${user.username}-nobody`]) {
      const refusal = await refusedWith(firefox.account.loginWithPassword(name, sha256('not the password')));
      assert.deepEqual(refusal, meteorError(403, 'User not found'), name);
    }
    assert.equal(firefox.account.uid, undefined);
    assert.equal(firefox.connection.status, 'connected');
  });

  await essential('both sign in with a digest, and learn who they are', async () => {
    for (const sdk of [firefox, desktop]) {
      const told = new Promise((resolve) => sdk.account.on('user', (known) => known?.username && resolve(known)));
      await soon(sdk.account.loginWithPassword(user.username, sha256(user.password)), 'login');
      assert.equal((await soon(told, 'user with a name')).username, user.username);
      const { uid, user: known } = sdk.account;
      secrets.tokens.push(known.token);
      assert.equal(uid, user._id);
      assert.match(known.token, /^[\w-]{43}$/);
      // The client makes a date of tokenExpires.$date, and of anything else an invalid one.
      assert.ok(known.tokenExpires.getTime() > Date.now() + 60_000, `tokenExpires is ${known.tokenExpires}`);
    }
    assert.notEqual(firefox.account.user.token, desktop.account.user.token);
  });

  await check('a token from a socket is good for REST', async () => {
    const { status, body } = await call('GET', 'me', { session: sessionOf(firefox, DEVICES.firefoxOnUbuntu) });
    assert.deepEqual([status, body.username], [200, user.username]);
  });

  await essential('a third socket resumes with the second’s token', async () => {
    desktopAgain = await connect(DEVICES.desktopApp);
    const { token } = desktop.account.user;
    const resumed = await soon(desktopAgain.account.loginWithToken(token), 'login');
    assert.deepEqual([resumed.id, resumed.token, resumed.type], [user._id, token, 'resume']);
    assert.equal(typeof resumed.tokenExpires.$date, 'number');
  });
}

export async function asking() {
  await check('an unknown method is not found', async () => {
    const refusal = await refusedWith(firefox.client.callAsync('no-such-method'));
    assert.deepEqual(refusal, meteorError(404, "Method 'no-such-method' not found"));
  });
}

/** Makes an account, and gives its id. */
export async function make({ username, password, name, email }) {
  const made = await adminClient.post('/v1/users.create', { username, password, name, email });
  assert.equal(made.user.username, username);
  return made.user._id;
}

/** A refusal as the protocol writes it. */
export function meteorError(error, reason) {
  return { isClientSafe: true, error, reason, message: `${reason} [${error}]`, errorType: 'Meteor.Error' };
}
