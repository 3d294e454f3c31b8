// Every call to the server under test starts here: through the published client, bare, or by curl.
//
// All answers that come through fetch (the client's included) are kept in `heard`, so that the last checks of a run
// can look at each of them, and so that the type checks have them. A 429 is waited out by its X-RateLimit-Reset, unless the caller wants to see it.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { RestClient } from '@rocket.chat/api-client';

export const BASE_URL = (process.env.BASE_URL ?? 'http://127.0.0.1:3000').replace(/\/+$/, '');

const CALL_MS_MAX = 30_000;
const WAITS_MAX = 3;
const WAIT_MS_MAX = 65_000;

/** Every answer of this run: `{ request, status, headers, text }`, `request` being like `GET /api/v1/me`. */
export const heard = [];

// api-client calls the global fetch, and answers some refusals itself (step-up): only here are all of them seen.
const fetchUnheard = globalThis.fetch;
globalThis.fetch = async (url, init = {}) => {
  const response = await fetchUnheard(url, { signal: AbortSignal.timeout(CALL_MS_MAX), ...init });
  heard.push({
    request: `${init.method ?? 'GET'} ${new URL(url).pathname}`,
    status: response.status,
    headers: response.headers,
    text: await response.clone().text(),
  });
  return response;
};

/** Writes what was heard into the folder ANSWERS, when there is one: a line of JSON for each answer. */
export function keepAnswers(driver) {
  const folder = process.env.ANSWERS;
  if (!folder) return;
  const lines = heard.map(({ request, status, text }) => {
    const [method, path] = request.split(' ');
    return `${JSON.stringify({ method, path, status, body: JSON.parse(text) })}\n`;
  });
  writeFileSync(join(folder, `${driver}.jsonl`), lines.join(''));
}

/**
 * A published client for `session` (from `signIn`), or for a device that has none yet.
 * `wait: false` lets a 429 through.
 */
export function clientFor({ userId, authToken, userAgent }, { wait = true } = {}) {
  const client = new RestClient({
    baseUrl: BASE_URL,
    credentials: authToken && { 'X-User-Id': userId, 'X-Auth-Token': authToken },
    headers: { 'User-Agent': userAgent },
  });
  if (wait) client.use((request, send) => patiently(() => send(...request)));
  return client;
}

/** The refusal that a client's call must meet, as `{ status, body }`. */
export async function refusal(promise) {
  const answer = await promise.catch((problem) => {
    if (problem instanceof Response) return problem;
    throw problem;
  });
  if (answer instanceof Response) return { status: answer.status, body: await answer.json() };
  throw new Error(`should have been refused, but answered ${JSON.stringify(answer).slice(0, 200)}`);
}

/**
 * One call without a client library, as `{ status, headers, body }`. A `path` with a leading slash counts from the
 * server's root, any other from /api/v1/. `body` is sent as JSON, `text` as it stands.
 */
export async function call(method, path, { session, headers, body, text, wait = true } = {}) {
  const url = BASE_URL + (path.startsWith('/') ? path : `/api/v1/${path}`);
  const sent = body === undefined ? text : JSON.stringify(body);
  const ask = () =>
    fetch(url, {
      method,
      headers: {
        ...(session && { 'X-User-Id': session.userId, 'X-Auth-Token': session.authToken, 'User-Agent': session.userAgent }),
        ...(sent !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: sent,
    });
  const response = await (wait ? patiently(ask) : ask());
  return { status: response.status, headers: response.headers, body: parsed(await response.text(), `${method} ${url}`) };
}

/** GET with the real curl, as `{ status, type, body }`; undefined where there is no curl. */
export function curl(path, headers, query) {
  const url = `${BASE_URL}/api/v1/${path}`;
  const parameters = Object.entries(query).flatMap(([name, value]) => ['--data-urlencode', `${name}=${value}`]);
  const { error, status, stdout, stderr } = spawnSync(
    'curl',
    // -q: without the user's own .curlrc; no proxy, as fetch has none. Headers go in by stdin, so that no process list shows the token.
    ['-q', '--silent', '--show-error', '--noproxy', '*', '--max-time', `${CALL_MS_MAX / 1000}`]
      .concat('--get', parameters, '--header', '@-', '--write-out', '\n%{http_code} %{content_type}', url),
    { input: Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`).join(''), encoding: 'utf8' },
  );
  if (error?.code === 'ENOENT') return undefined;
  if (error) throw error;
  if (status !== 0) throw new Error(`curl ended with ${status}: ${stderr}`);
  const [, text, code, type] = /^([^]*)\n(\d{3}) (.*)$/.exec(stdout);
  return { status: Number(code), type, body: parsed(text, `curl ${url}`) };
}

// `ask` gives a Response or, as api-client does, rejects with one.
async function patiently(ask) {
  for (let waits = 0; ; waits += 1) {
    const [answer, rejected] = await ask().then((response) => [response, false], (problem) => [problem, true]);
    if (answer?.status === 429 && waits < WAITS_MAX) {
      await untilReset(answer.headers.get('x-ratelimit-reset'));
    } else if (rejected) {
      throw answer;
    } else {
      return answer;
    }
  }
}

async function untilReset(reset) {
  const left = Number(reset) - Date.now();
  // A reset in seconds would lie in 1970: nothing to wait for, and no way to go on.
  if (!(Number(reset) > 1e12)) throw new Error(`X-RateLimit-Reset of a 429 must be epoch milliseconds, not ${reset}`);
  console.log(`#   too many requests: waiting ${Math.ceil(left / 1000)} s`);
  await pause(Math.min(Math.max(left, 0) + 250, WAIT_MS_MAX));
}

function parsed(text, request) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${request} answered something that is not JSON: ${text.slice(0, 200)}`);
  }
}
