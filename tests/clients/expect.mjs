// What answers must look like: session rows, pages, and the refusals whose bodies are fixed to the letter.

import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { BASE_URL } from './wire.mjs';

const ID = /^[23456789A-HJ-NP-TW-Za-km-z]{17}$/;
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export const NOT_SIGNED_IN = {
  status: 401,
  body: {
    success: false,
    error: 'You must be logged in to do this.',
    status: 'error',
    message: 'You must be logged in to do this.',
  },
};
export const NOT_PERMITTED = {
  status: 403,
  body: { success: false, error: 'User does not have the permissions required for this action [error-unauthorized]' },
};
export const NOT_PERMITTED_OLDER = { status: 403, body: { success: false, error: 'unauthorized' } };
export const NO_SUCH_SESSION = { status: 404, body: { success: false, error: 'Session not found' } };
export const NO_SUCH_USER = {
  status: 400,
  body: {
    success: false,
    error: 'The required "userId" or "username" param provided does not match any users [error-invalid-user]',
    errorType: 'error-invalid-user',
  },
};
export const NO_SUCH_ENDPOINT = {
  status: 404,
  body: { success: false, error: 'API endpoint does not exist', status: 'error', message: 'API endpoint does not exist' },
};
export const WRONG_METHOD = {
  status: 405,
  body: { success: false, error: 'Method not allowed', status: 'error', message: 'Method not allowed' },
};
export const WRONG_SORT_KEY = { status: 400, body: { success: false, error: 'error-invalid-sort-keys' } };
export const CODE_WANTED = {
  status: 400,
  body: {
    success: false,
    error: 'TOTP Required [totp-required]',
    errorType: 'totp-required',
    details: { method: 'password', codeGenerated: false, availableMethods: [] },
  },
};

/** A sign-in that failed. */
export const loginRefused = (message) => ({ status: 401, body: { success: false, status: 'error', error: 'Unauthorized', message } });

export const RESUME_REFUSED = loginRefused("You've been logged out by the server. Please log in again.");

/** The schema's message for a parameter or field that the endpoint does not list. */
export const UNKNOWN_NAME = 'must NOT have additional properties';

/** A query (or, with the second form, a body) that does not fit its endpoint's schema. */
export const wrongQuery = (message) => ({
  status: 400,
  body: { success: false, errorType: 'error-invalid-params', error: message },
});
export const wrongBody = (message) => ({ status: 400, body: { success: false, errorType: 'invalid-params', error: message } });

export const wrongSort = (given) => ({
  status: 400,
  body: {
    success: false,
    error: `Invalid sort parameter provided: "${given}" [error-invalid-sort]`,
    errorType: 'error-invalid-sort',
    details: { helperMethod: 'parseJsonQuery' },
  },
});

export const tooManyRequests = (seconds) => ({
  success: false,
  error: `Error, too many requests. Please slow down. You must wait ${seconds} seconds before trying this endpoint again. [error-too-many-requests]`,
});

/** Holds an answer of `call` or `refusal` against one of the above. */
export function assertRefused({ status, body }, expected, where) {
  assert.deepEqual({ status, body }, expected, where && `${where}: ${status} ${JSON.stringify(body)}`);
}

export function assertId(value, what = 'id') {
  assert.match(value, ID, `${what} must be 17 characters of the id alphabet`);
}

export function assertDate(value, what) {
  assert.equal(typeof value, 'string', `${what} must be there`);
  assert.match(value, DATE, `${what} must be ISO-8601 UTC with milliseconds`);
}

/** A row made by this run: by `signIn` from a device a moment ago, for `user`. */
export function assertRow(row, session) {
  assertId(row.sessionId, 'sessionId');
  assert.equal(row._id, row.sessionId, '_id and sessionId are one');
  assert.equal(row.userId, session.userId);
  assert.equal(row.host, new URL(BASE_URL).host);
  assert.ok(isIP(row.ip), `ip must be an address, not ${JSON.stringify(row.ip)}`);
  assertDate(row.loginAt, 'loginAt');
  assert.ok(Math.abs(Date.parse(row.loginAt) - Date.now()) < 3_600_000, `loginAt must be about now, not ${row.loginAt}`);
  const { type, name, longVersion, version, os } = row.device;
  assert.deepEqual({ type, name, longVersion, version, os }, session.device);
}

/** A page of a sessions endpoint: `count` is the limit in force, not the number of rows. */
export function assertPage(page, { count = 50, offset = 0, total }) {
  assert.equal(page.success, true);
  assert.ok(Array.isArray(page.sessions));
  assert.equal(typeof page.total, 'number');
  assert.deepEqual({ count: page.count, offset: page.offset }, { count, offset });
  if (total !== undefined) assert.equal(page.total, total, 'total');
  assert.ok(page.sessions.length <= Math.min(count, page.total), 'no more rows than the limit and the total allow');
}

/** The nine fields that a filter looks at, each by itself. */
export function searchedFields({ device, sessionId, userId, ip, host, _user }) {
  return [device.name, device.type, device.os.name, sessionId, userId, ip, host, _user?.username, _user?.name].filter(Boolean);
}

/** The rate limit's three headers, as numbers. */
export function readLimit(headers) {
  const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) => headers.get(`x-ratelimit-${name}`));
  for (const number of [limit, remaining, reset]) {
    assert.match(number ?? 'missing', /^\d+$/, `X-RateLimit-Limit, -Remaining, -Reset are ${[limit, remaining, reset]}`);
  }
  assert.ok(Math.abs(Number(reset) - Date.now()) < 3_600_000, `X-RateLimit-Reset must be epoch milliseconds, not ${reset}`);
  assert.ok(Number(limit) > 0 && Number(remaining) < Number(limit), `remaining ${remaining} of ${limit}`);
  return { limit: Number(limit), remaining: Number(remaining), reset: Number(reset) };
}
