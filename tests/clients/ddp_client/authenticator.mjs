// A second user enrols an authenticator on a socket, and signs in with it on another.

import assert from 'node:assert/strict';
import { code } from '../authenticator.mjs';
import { check, essential } from '../harness.mjs';
import { DEVICES, newcomer, secrets, sha256 } from '../workspace.mjs';
import { LOGGED_OUT } from './endings.mjs';
import { adminClient, make } from './scene.mjs';
import { connect, droppedRefusals, end, refusedWith, soon } from './socket.mjs';

export async function authenticating() {
  const second = newcomer('ddp');
  const login = { user: { username: second.username }, password: { digest: sha256(second.password), algorithm: 'sha-256' } };
  let phone, secret, codes;

  await essential('a second user enrols an authenticator by the protocol’s own methods', async () => {
    second._id = await make(second);
    phone = await connect(DEVICES.mobileApp);
    assert.deepEqual((await refusedWith(phone.call('2fa:enable'))).errorType, 'Meteor.Error', 'nobody is signed in yet');
    await soon(phone.account.loginWithPassword(second.username, sha256(second.password)), 'login');
    secrets.tokens.push(phone.account.user.token);
    const begun = await soon(phone.call('2fa:enable'), 'result');
    secret = begun.secret;
    assert.equal(begun.url, `otpauth://totp/Rocket.Chat:${second.username}?secret=${secret}`);
    ({ codes } = await soon(phone.call('2fa:validateTempToken', code(secret)), 'result'));
    assert.equal(codes.length, 12);
    assert.deepEqual(await soon(phone.call('2fa:checkCodesRemaining'), 'result'), { remaining: 12 });
  });

  await check('a sign-in without the code says which is wanted, and passes with it', async () => {
    const mac = await connect(DEVICES.chromeOnMac);
    const asked = await refusedWith(mac.account.loginWithPassword(second.username, sha256(second.password)));
    assert.deepEqual([asked.error, asked.reason], ['totp-required', 'TOTP Required']);
    assert.deepEqual(asked.details, { method: 'totp', codeGenerated: false, availableMethods: ['totp'] });
    const signedIn = await soon(mac.call('login', { totp: { code: codes[0], login } }), 'login');
    secrets.tokens.push(signedIn.token);
    assert.deepEqual([signedIn.id, signedIn.type], [second._id, 'password']);
    const again = await refusedWith(mac.call('login', { totp: { code: codes[0], login } }));
    assert.deepEqual([again.error, again.reason], ['totp-invalid', 'TOTP Invalid']);
  });

  await check('deleting the second user cuts their sockets, listening or not', async () => {
    const cut = end(phone);
    await adminClient.post('/v1/users.delete', { userId: second._id });
    assert.deepEqual(await cut, [1008, 'force_logout']);
    assert.deepEqual(await droppedRefusals(1), [LOGGED_OUT]);
  });
}
