// What must hold for every answer of the run, whatever it answered.

import assert from 'node:assert/strict';
import { check } from './harness.mjs';
import { heard } from './wire.mjs';
import { ADMIN_PASS, secrets, sha256 } from './workspace.mjs';

export async function lookingBack() {
  if (heard.length === 0) return;

  await check('every answer was application/json and never to be stored', () => {
    for (const { request, status, headers } of heard) {
      const told = ['content-type', 'cache-control', 'pragma'].map((name) => headers.get(name));
      assert.deepEqual(told, ['application/json', 'no-store', 'no-cache'], `${request} (${status}) says ${told}`);
    }
  });

  await check('no answer showed a token, a password or a hash', () => {
    const { tokens, passwords } = secrets;
    const digests = (text) => ['hex', 'base64', 'base64url'].map((encoding) => sha256(text, encoding));
    // Not the administrator's password itself: it may be a common word, as in the default.
    const forbidden = [...tokens, ...passwords, ...[...tokens, ...passwords, ADMIN_PASS].flatMap(digests)];
    const forbiddenNames = /"(loginToken|hashedToken|token|authToken|hash|bcrypt|argon2|secret)":/i;
    const passwordHash = /\$(2[abxy]|argon2\w*|scrypt|pbkdf2[\w-]*)\$/;
    for (const { request, text } of heard) {
      const shown = request === 'POST /api/v1/login' ? withoutOwnToken(text) : text;
      assert.ok(!forbidden.some((secret) => shown.includes(secret)), `${request} showed a secret of this run`);
      assert.doesNotMatch(shown, forbiddenNames, request);
      assert.doesNotMatch(shown, passwordHash, request);
    }
  });
}

// A login's answer must show its own token, in this one place.
function withoutOwnToken(text) {
  const answer = JSON.parse(text);
  delete answer.data?.authToken;
  return JSON.stringify(answer);
}
