// What the tests share: an administrator and an ordinary user of the demo's workspace, a page that is signed in, and the
// two that every page is held against: axe, and the content security policy.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type APIRequestContext, type Page } from '@playwright/test';

/** Whose names and passwords the server was started with. */
export const ADMIN = {
  user: process.env.ROLLCALL_ADMIN_USERNAME ?? 'admin',
  password: process.env.ROLLCALL_ADMIN_PASSWORD ?? 'admin-password-for-tests',
};

/** Signs in by the form, as a person does. */
export async function signIn(page: Page, who: { user: string; password: string }, at = '/'): Promise<void> {
  await page.goto(at);
  await page.getByLabel('Username or e-mail').fill(who.user);
  await page.getByLabel('Password').fill(who.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible();
}

/** Gives the password where a second factor is asked for and none is enrolled. */
export async function prove(page: Page, who: { password: string }): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Second factor' });
  await dialog.getByLabel('Your password').fill(who.password);
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await expect(dialog).toBeHidden();
}

/** A call of the API as a program makes it, with a fresh token of that user. */
export async function asProgram(
  request: APIRequestContext,
  who: { user: string; password: string },
  agent?: string,
) {
  const headers = agent ? { 'User-Agent': agent } : {};
  const answer = await request.post('/api/v1/login', { data: who, headers });
  const { data } = (await answer.json()) as { data: { userId: string; authToken: string } };
  return { id: data.userId, headers: { Authorization: `Bearer ${data.authToken}` } };
}

/** The server's program, where the tests may start it themselves. */
const BINARY = process.env.ROLLCALL_BINARY ?? '';

/** Starts a server of its own, in whose workspace there is nobody but the administrator. */
export async function startAlone(): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), 'rollcall-alone-'));
  const server = spawn(BINARY, ['serve', '--data-dir', data, '--listen', `127.0.0.1:${port}`], {
    env: { ROLLCALL_ADMIN_USERNAME: ADMIN.user, ROLLCALL_ADMIN_PASSWORD: ADMIN.password },
    stdio: 'ignore',
  });
  const gone = new Promise((resolve) => server.once('exit', resolve));
  const url = `http://127.0.0.1:${port}`;
  await expect(async () => expect((await fetch(`${url}/api/info`)).ok).toBe(true)).toPass();
  return {
    url,
    stop: async () => {
      server.kill();
      await gone;
      rmSync(data, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as AddressInfo;
  await new Promise((resolve) => taken.close(resolve));
  return port;
}

/** Makes a user who may nothing special, and gives its name and password. */
export async function makeUser(
  request: APIRequestContext,
  username: string,
): Promise<{ user: string; password: string }> {
  const { headers } = await asProgram(request, ADMIN);
  const password = `password-of-${username}`;
  const answer = await request.post('/api/v1/users.create', {
    headers: { 'X-Auth-Token': headers.Authorization.slice(7), 'X-User-Id': (await me(request, headers)).id },
    data: { username, password, name: username, email: `${username}@example.org`, verified: true },
  });
  expect(answer.ok(), await answer.text()).toBe(true);
  return { user: username, password };
}

/** The code of the last mail to an address, once it is there. */
export async function mailedCode(address: string): Promise<string> {
  const outbox = process.env.ROLLCALL_OUTBOX ?? '';
  expect(outbox, 'ROLLCALL_OUTBOX names the outbox.jsonl of the server').not.toBe('');
  let code: string | undefined;
  await expect(() => {
    const mails = readFileSync(outbox, 'utf8').trim().split('\n');
    code = /\d{3}-\d{3}/.exec(mails.findLast((line) => line.includes(address)) ?? '')?.[0];
    expect(code).toBeDefined();
  }).toPass();
  return code ?? '';
}

async function me(request: APIRequestContext, headers: Record<string, string>): Promise<{ id: string }> {
  return (await request.get('/api/v2/me', { headers })).json() as Promise<{ id: string }>;
}

/** No violation of WCAG 2.2 A and AA on the page as it is. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual(
    [],
  );
}

/** The sizes and schemes that each page is looked at in. */
export const WIDTHS = [320, 800, 1440] as const;
export const SCHEMES = ['light', 'dark'] as const;

/** Looks at the page as it is now in both schemes and three widths. */
export async function expectAccessibleEverywhere(page: Page): Promise<void> {
  const before = page.viewportSize();
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      await expectAccessible(page);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow, `nothing is wider than ${width} pixels`).toBeLessThanOrEqual(0);
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  if (before) await page.setViewportSize(before);
}

/** A test whose page may break no rule of the content security policy, and throw nothing. */
export const test = base.extend<{ page: Page }>({
  page: async ({ page }, use) => {
    const broken: string[] = [];
    page.on('console', (message) => {
      if (/content security policy|trusted/i.test(message.text())) broken.push(message.text());
    });
    page.on('pageerror', (error) => broken.push(String(error)));
    await use(page);
    expect(broken).toEqual([]);
  },
});

export { expect };
