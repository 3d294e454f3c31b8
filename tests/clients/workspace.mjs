// What a run brings with it: the administrator's name and password, devices, a throw-away user, and sessions.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { clientFor } from './wire.mjs';

export const ADMIN_USER = process.env.ADMIN_USER ?? 'admin';
export const ADMIN_PASS = process.env.ADMIN_PASS ?? 'admin';

/** A User-Agent header each, and the `device` that the server must read from it. */
export const DEVICES = {
  chromeOnWindows: {
    userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/113.0.0.0 Safari/537.36',
    device: { type: 'browser', name: 'Chrome', longVersion: '113.0.0.0', version: '113.0.0', os: { name: 'Windows', version: '10' } },
  },
  edgeOnWindows: {
    userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 Edg/124.0.2478.51',
    device: { type: 'browser', name: 'Edge', longVersion: '124.0.2478.51', version: '124.0.2478', os: { name: 'Windows', version: '10' } },
  },
  firefoxOnUbuntu: {
    userAgent: 'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0',
    device: { type: 'browser', name: 'Firefox', longVersion: '126.0', version: '126.0', os: { name: 'Ubuntu' } },
  },
  mobileApp: {
    userAgent: 'RC Mobile; android 14; v4.48.1 (1234)',
    device: { type: 'mobile-app', name: 'RC Mobile', longVersion: '4.48.1 1234', version: '4.48.1', os: { name: 'android', version: '14' } },
  },
  chromeOnMac: {
    userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36',
    device: { type: 'browser', name: 'Chrome', longVersion: '125.0.0.0', version: '125.0.0', os: { name: 'Mac OS', version: '10.15.7' } },
  },
  desktopApp: {
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Rocket.Chat/3.8.11 Chrome/100.0.4896.143 Electron/18.2.0 Safari/537.36',
    device: { type: 'desktop-app', name: 'Rocket.Chat', longVersion: '3.8.11', version: '3.8.11', os: { name: 'Linux' } },
  },
};

/** The tokens and passwords of this run, which no answer may show. */
export const secrets = { tokens: [], passwords: [] };

/** An account that nobody has yet; `tag` is a word found in no other account's name. */
export function newcomer(client = 'api') {
  const tag = randomBytes(5).toString('hex');
  const username = `acc-${client}-${tag}`;
  const password = `Pw-${randomBytes(12).toString('hex')}`;
  secrets.passwords.push(password);
  // The bracket is never closed, and the long run of one letter ends in another: bait for the filter's checks.
  return { tag, username, password, name: `Acc ${tag} [${'a'.repeat(40)}!`, email: `${username}@example.test` };
}

/** Signs in through the published client; the session remembers its device's user agent. */
export async function signIn(from, body) {
  const answer = await clientFor(from).post('/v1/login', body);
  assert.equal(answer.status, 'success');
  assert.equal(answer.success, true);
  const { userId, authToken, me } = answer.data;
  secrets.tokens.push(authToken);
  assert.match(authToken, /^[\w-]{43}$/, 'a token is 43 characters of A-Za-z0-9_-');
  assert.equal(me._id, userId);
  return { userId, authToken, username: me.username, ...from };
}

export const sha256 = (text, encoding = 'hex') => createHash('sha256').update(text).digest(encoding);
