// Opens a page of another origin in Chromium against a running server: it signs in, is asked for a second factor,
// answers, and lists. The same page from an origin that the server does not name is stopped by the browser. README.md
// says how to run it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import { Stop, check, essential, finish, note } from './harness.mjs';
import { BASE_URL } from './wire.mjs';
import { ADMIN_PASS, ADMIN_USER, DEVICES } from './workspace.mjs';

const { PAGE_ORIGIN, CHROMIUM = 'chromium' } = process.env;
/** How long the page may take to show something. */
const PATIENCE_MS = 10_000;
const HTML = readFileSync(new URL('page/index.html', import.meta.url));

/** Serves the page at an address, and gives its origin. Port 0 is any. */
async function serve(port, host) {
  const server = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(HTML));
  server.listen(port, host).unref();
  await once(server, 'listening');
  return `http://${host}:${server.address().port}`;
}

/** Opens the page of an origin: as a person sees it, with what it was answered, and with why it was not. */
async function open(browser, origin) {
  const context = await browser.newContext({ userAgent: DEVICES.chromeOnMac.userAgent });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const answers = [];
  page.on('response', (response) => response.url().startsWith(BASE_URL) && answers.push(response));
  const stopped = [];
  const devtools = await context.newCDPSession(page);
  devtools.on('Network.loadingFailed', ({ corsErrorStatus }) => stopped.push(corsErrorStatus?.corsError));
  await devtools.send('Network.enable');
  await page.goto(`${origin}/?server=${encodeURIComponent(BASE_URL)}`);
  return { page, answers, stopped, said: page.getByRole('status') };
}

async function signIn({ page }) {
  await page.getByLabel('User').fill(ADMIN_USER);
  await page.getByLabel('Password').fill(ADMIN_PASS);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Waits until the page says it. */
const says = ({ said }, text) => said.filter({ hasText: text }).waitFor();

async function answerWith(code) {
  await home.page.getByLabel('Second factor (password)').fill(code);
  await home.page.getByRole('button', { name: 'Confirm' }).click();
}

/** Lists once more, and gives how many there are. */
async function listAgain() {
  const answered = home.page.waitForResponse(/sessions\/list\.all/);
  await home.page.getByRole('button', { name: 'List all sessions' }).click();
  assert.equal((await answered).status(), 200);
  await says(home, 'without another question');
  return home.page.getByRole('caption').textContent();
}

/** The file of a program, as a shell would find it. */
function onPath(program) {
  const files = process.env.PATH.split(delimiter).map((folder) => join(folder, program));
  return program.includes('/') ? program : files.find(existsSync);
}

/** What a browser asks before it sends a sign-in or a code, as `{ status, headers, text }`. */
async function preflight(origin) {
  const headers = {
    Origin: origin,
    'Access-Control-Request-Method': 'GET',
    'Access-Control-Request-Headers': 'content-type,x-2fa-code,x-2fa-method,x-auth-token,x-user-id',
  };
  const [answer] = await once(request(`${BASE_URL}/api/v1/sessions/list.all`, { method: 'OPTIONS', headers }).end(), 'response');
  return { status: answer.statusCode, headers: answer.headers, text: (await answer.toArray()).join('') };
}

const { hostname, port } = new URL(PAGE_ORIGIN);
await serve(port, hostname);
const browser = await chromium.launch({ executablePath: onPath(CHROMIUM) });
let home, sessions;

try {
  await essential('a page of the origin that the server names signs in, and reads how often it may', async () => {
    home = await open(browser, PAGE_ORIGIN);
    await signIn(home);
    await says(home, 'Signed in.');
    const [, left, limit, reset] = /(\d+) of (\d+) sign-ins left until (\d{13})$/.exec(await home.said.textContent());
    assert.ok(Number(left) < Number(limit) && Number(reset) > Date.now() - 60_000, `${left} of ${limit} until ${reset}`);
  });

  await essential('it reads which second factor the list of all asks for', async () => {
    await home.page.getByRole('button', { name: 'List all sessions' }).click();
    await says(home, 'TOTP Required [totp-required]');
    await home.page.getByLabel('Second factor (password)').waitFor();
    assert.equal(home.answers.at(-1).status(), 400);
  });

  await check('a wrong code is refused, and the page can ask again', async () => {
    await answerWith('not the password');
    await says(home, 'TOTP Invalid [totp-invalid]');
  });

  await essential('the right code opens the list, where the page finds its own browser', async () => {
    await answerWith(ADMIN_PASS);
    await says(home, 'Here they are.');
    assert.equal(home.answers.at(-1).request().headers()['x-2fa-method'], 'password');
    const row = home.page.getByRole('row').nth(1);
    const { name, os } = DEVICES.chromeOnMac.device;
    assert.deepEqual((await row.getByRole('cell').allTextContents()).slice(0, 3), [ADMIN_USER, name, os.name]);
  });

  await check('the next list is not asked about', async () => {
    sessions = await listAgain();
  });

  await check('its preflights are answered for its origin, and name the headers of a second factor', async () => {
    const { status, headers } = await preflight(PAGE_ORIGIN);
    assert.deepEqual([status, headers['access-control-allow-origin'], headers.vary], [200, PAGE_ORIGIN, 'Origin']);
    const allowed = headers['access-control-allow-headers'].toLowerCase().split(', ');
    for (const name of ['content-type', 'x-user-id', 'x-auth-token', 'x-2fa-code', 'x-2fa-method']) assert.ok(allowed.includes(name), name);
    assert.equal('access-control-allow-credentials' in headers, false);
  });

  await check('the same page of a foreign origin gets no answer: the browser stops it', async () => {
    const foreign = await open(browser, await serve(0, '127.0.0.1'));
    await signIn(foreign);
    await says(foreign, 'No answer: Failed to fetch');
    assert.deepEqual(foreign.stopped, ['PreflightMissingAllowOriginHeader']);
    assert.deepEqual(foreign.answers, []);
  });

  await check('and its preflight is refused in plain words', async () => {
    const { status, headers, text } = await preflight('http://foreign.example');
    assert.deepEqual([status, text], [403, 'Invalid origin']);
    assert.equal('access-control-allow-origin' in headers, false);
  });

  await check('no sign-in of the foreign page came through', async () => {
    assert.equal(await listAgain(), sessions);
  });
} catch (problem) {
  if (!(problem instanceof Stop)) throw problem;
  note('cannot go on without this');
} finally {
  await browser.close();
  finish();
}
