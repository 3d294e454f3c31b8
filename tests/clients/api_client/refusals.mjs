// What is refused, in which words, and which fault is named first.

import assert from 'node:assert/strict';
import {
  CODE_WANTED,
  NO_SUCH_ENDPOINT,
  NOT_PERMITTED,
  NOT_PERMITTED_OLDER,
  NOT_SIGNED_IN,
  UNKNOWN_NAME,
  WRONG_METHOD,
  assertRefused,
  wrongBody,
  wrongQuery,
} from '../expect.mjs';
import { check } from '../harness.mjs';
import { call, clientFor, refusal } from '../wire.mjs';
import { NOBODYS_ID, admin, adminClient, elsewhere, firefox, listAll, phone, rows, user } from './scene.mjs';

export async function refusing() {
  await check('a user without the permission gets 403, whatever else is wrong, and is not asked for a code', async () => {
    const client = clientFor(firefox);
    client.handleTwoFactorChallenge(async () => {
      throw new Error('asked for a code');
    });
    const { sessionId } = rows.phone;
    const forbidden = {
      'list.all': () => client.get('/v1/sessions/list.all', {}),
      'list.all with an unknown parameter': () => client.get('/v1/sessions/list.all', { nonsense: 1 }),
      'info.admin': () => client.get('/v1/sessions/info.admin', { sessionId }),
      logout: () => client.post('/v1/sessions/logout', { sessionId }),
      'logout without a session': () => client.post('/v1/sessions/logout', {}),
    };
    for (const [what, ask] of Object.entries(forbidden)) assertRefused(await refusal(ask()), NOT_PERMITTED, what);
    assertRefused(await refusal(client.post('/v1/users.delete', { userId: user._id })), NOT_PERMITTED_OLDER, 'users.delete');
  });

  await check('wrong, missing and mixed credentials are one and the same 401', async () => {
    const { userId, authToken, userAgent } = phone;
    const wrong = {
      'an unknown token': { userId, authToken: 'x'.repeat(43), userAgent },
      'another user’s id': { userId: admin.userId, authToken, userAgent },
      'an unknown user': { userId: NOBODYS_ID, authToken, userAgent },
    };
    for (const [what, session] of Object.entries(wrong)) {
      assertRefused(await refusal(clientFor(session).get('/v1/me')), NOT_SIGNED_IN, what);
    }
    for (const headers of [{}, { 'X-User-Id': userId }, { 'X-Auth-Token': authToken }]) {
      assertRefused(await call('GET', 'me', { headers }), NOT_SIGNED_IN, `only ${Object.keys(headers)}`);
    }
    assertRefused(await call('GET', 'sessions/list.all?nonsense=1'), NOT_SIGNED_IN, 'with an unknown parameter');
    assertRefused(await call('POST', 'sessions/logout', { text: '{' }), NOT_SIGNED_IN, 'with a broken body');
  });

  await check('an unknown query parameter is refused, query and fields too', async () => {
    for (const name of ['nonsense', 'Filter', 'query', 'fields']) {
      assertRefused(await refusal(listAll({ [name]: '{}' })), wrongQuery(UNKNOWN_NAME), name);
    }
    const own = clientFor(phone).get('/v1/sessions/list', { nonsense: 1 });
    assertRefused(await refusal(own), wrongQuery(UNKNOWN_NAME), 'sessions/list');
    const { status, body } = await refusal(listAll({ filter: ['a', 'b'] }));
    assert.deepEqual([status, body.errorType], [400, 'error-invalid-params'], 'a list of filters');
  });

  await check('a missing session id, an unknown field, a wrong type and a broken body are refused', async () => {
    const missing = "must have required property 'sessionId'";
    assertRefused(await refusal(adminClient.get('/v1/sessions/info.admin', {})), wrongQuery(missing), 'info.admin');
    const wrong = [
      [{}, missing],
      [{ sessionId: 7 }, 'must be string'],
      [{ sessionId: null }, 'must be string'],
      [{ sessionId: NOBODYS_ID, nonsense: 1 }, UNKNOWN_NAME],
    ];
    for (const path of ['sessions/logout', 'sessions/logout.me']) {
      for (const [body, message] of wrong) {
        assertRefused(await refusal(adminClient.post(`/v1/${path}`, body)), wrongBody(message), `${path} ${JSON.stringify(body)}`);
      }
    }
    assertRefused(await call('POST', 'sessions/logout', { session: admin, text: '{' }), {
      status: 400,
      body: { success: false, error: 'Invalid JSON body', errorType: 'invalid-params' },
    });
  });

  await check('the schema is looked at before the second factor, the sort after it', async () => {
    const client = clientFor(elsewhere(admin));
    assertRefused(await refusal(client.get('/v1/sessions/list.all', { nonsense: 1 })), wrongQuery(UNKNOWN_NAME));
    assertRefused(await refusal(client.get('/v1/sessions/list.all', { sort: 'garbage' })), CODE_WANTED);
    assertRefused(await refusal(client.get('/v1/sessions/info.admin', { sessionId: NOBODYS_ID })), CODE_WANTED);
    assertRefused(await refusal(client.post('/v1/sessions/logout', { sessionId: NOBODYS_ID })), CODE_WANTED);
  });

  await check('an unknown path is 404, a wrong method 405 with Allow, both before any credentials', async () => {
    assertRefused(await call('GET', 'sessions/nowhere'), NO_SUCH_ENDPOINT);
    assertRefused(await refusal(adminClient.get('/v1/sessions/nowhere', {})), NO_SUCH_ENDPOINT);
    const wrong = [
      ['POST', 'sessions/list.all', 'GET'],
      ['GET', 'sessions/logout', 'POST'],
      ['DELETE', 'me', 'GET'],
    ];
    for (const [method, path, allowed] of wrong) {
      const answer = await call(method, path);
      assertRefused(answer, WRONG_METHOD, `${method} ${path}`);
      const methods = (answer.headers.get('allow') ?? '').split(/\s*,\s*/);
      assert.ok(methods.includes(allowed) && !methods.includes(method), `${method} ${path}: Allow is ${methods}`);
    }
  });

  await check('info tells the version at both addresses, in full to the administrator', async () => {
    for (const path of ['/api/info', '/api/v1/info']) {
      const wrong = { userId: user._id, authToken: 'x'.repeat(43), userAgent: 'node' };
      for (const session of [undefined, wrong]) {
        const { status, body } = await call('GET', path, { session });
        assert.equal(status, 200, path);
        assert.equal(body.success, true);
        assert.match(body.version, /^\d+\.\d+$/);
        assert.equal(typeof body.minimumClientVersions.desktop, 'string');
        assert.equal(typeof body.minimumClientVersions.mobile, 'string');
        assert.equal('info' in body, false, 'the full number is not for everyone');
      }
    }
    for (const path of ['/info', '/v1/info']) {
      const full = await adminClient.get(path);
      assert.match(full.version, /^\d+\.\d+\.\d+/);
      assert.equal(full.info.version, full.version);
    }
  });
}
