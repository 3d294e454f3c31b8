// My devices: one's own sessions, told and ended, by keyboard.

import type { Page } from '@playwright/test';
import {
  asProgram,
  expect,
  expectAccessible,
  expectAccessibleEverywhere,
  makeUser,
  prove,
  signIn,
  test,
} from './fixtures';

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:126.0) Gecko/20100101 Firefox/126.0';
/** What a stranger may have said of himself. */
const HOSTILE = Buffer.from('RC Mobile; <img/src=x/onerror=alert(1)>\u202egnp.exe 1; v4').toString('latin1');

const region = (page: Page, name: string) => page.getByRole('region', { name });

let made = 0;
const unique = (name: string) => `${name}${Date.now()}${made++}`;

test('the current session stands first, in words, and the others by device', async ({ page, request }) => {
  const who = await makeUser(request, unique('devices'));
  await asProgram(request, who, IPHONE);
  await asProgram(request, who, FIREFOX);
  await asProgram(request, who, HOSTILE);
  await signIn(page, who, '/devices');

  await expect(page.getByText('3 other sessions')).toBeVisible();
  const first = page.getByRole('main').getByRole('region').first();
  await expect(first).toContainText('The one you are using now');
  await expect(first.getByRole('button', { name: 'Sign out here…' })).toBeVisible();
  await expect(region(page, 'iPhone')).toContainText(/Mobile Safari on iOS.*here since today, \d\d:\d\d/s);
  await expect(region(page, 'Windows computer')).toContainText('Firefox on Windows');
  await expect(page.getByText('<img/src=x/onerror=alert(1)>').first()).toBeVisible();
  await page.getByText('What is a session?').click();
  await expect(page.getByText('a session begins')).toBeVisible();
  await expectAccessibleEverywhere(page);
});

test('by keyboard alone: another session is ended after a second factor, and is really over', async ({
  page,
  request,
}) => {
  const who = await makeUser(request, unique('devices'));
  const phone = await asProgram(request, who, IPHONE);
  await signIn(page, who, '/devices');

  await page.getByRole('button', { name: /^End Mobile Safari on iOS/ }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'End this session' });
  await expect(dialog).toContainText('Mobile Safari 17.5');
  await expect(dialog).toContainText('iOS 17.5.1');
  await expectAccessibleEverywhere(page);
  await expect(dialog.getByRole('button', { name: 'End this session' })).toBeFocused();
  await page.keyboard.press('Enter');

  // A question that is not answered ends nothing, and loses nothing.
  const code = page.getByRole('dialog', { name: 'Second factor' });
  await expect(code.getByLabel('Your password')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog.getByRole('alert')).toContainText('Nothing was ended');
  expect((await request.get('/api/v2/me', { headers: phone.headers })).status()).toBe(200);

  await page.keyboard.press('Enter');
  await expect(code.getByLabel('Your password')).toBeFocused();
  await page.keyboard.type(who.password);
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(page.getByText('You are signed in nowhere else.')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'My devices' })).toBeFocused();
  expect((await request.get('/api/v2/me', { headers: phone.headers })).status()).toBe(401);
});

test('all others are ended at once, and this one stays', async ({ page, request }) => {
  const who = await makeUser(request, unique('devices'));
  for (const agent of [IPHONE, FIREFOX, FIREFOX]) await asProgram(request, who, agent);
  await signIn(page, who, '/devices');
  await page.getByRole('button', { name: 'End all 3 others…' }).click();
  const dialog = page.getByRole('dialog', { name: 'End all others' });
  await expect(dialog.getByRole('listitem')).toHaveCount(3);
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'End 3 sessions' }).click();
  await prove(page, who);
  await expect(dialog).toContainText('3 sessions ended.');
  await expect(dialog.getByRole('button', { name: 'Close' }).last()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText('You are signed in nowhere else.')).toBeVisible();
  await page.reload();
  await expect(page.getByText('You are signed in nowhere else.')).toBeVisible();
});

test('one that ended meanwhile is no trouble', async ({ page, request }) => {
  const who = await makeUser(request, unique('devices'));
  const phone = await asProgram(request, who, IPHONE);
  await signIn(page, who, '/devices');
  await page.getByRole('button', { name: /^End Mobile Safari/ }).click();
  await request.delete('/api/v2/session', { headers: phone.headers });
  await page
    .getByRole('dialog', { name: 'End this session' })
    .getByRole('button', { name: 'End this session' })
    .click();
  await expect(page.getByText('You are signed in nowhere else.')).toBeVisible();
});

test('the current one goes only after it was said what follows', async ({ page, request }) => {
  const who = await makeUser(request, unique('devices'));
  await signIn(page, who, '/devices');
  await page.getByRole('button', { name: 'Sign out here…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign out here' });
  await expect(dialog).toContainText('You will be signed out.');
  // Whoever presses Enter at once stays.
  await expect(dialog.getByRole('button', { name: 'Stay signed in' })).toBeFocused();
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await page.getByRole('button', { name: 'Sign out here…' }).click();
  await dialog.getByRole('button', { name: 'Sign me out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to Rollcall' })).toBeVisible();
});

test('a session that ends elsewhere while a dialog is open leaves the way to the sign-in free', async ({
  page,
  request,
}) => {
  const who = await makeUser(request, unique('devices'));
  await asProgram(request, who, IPHONE);
  await signIn(page, who, '/devices');
  await page.getByRole('button', { name: /^End Mobile Safari/ }).click();
  const here = await page.request.get('/api/v2/me/sessions');
  const { items } = (await here.json()) as { items: { id: string; current: boolean }[] };
  const mine = items.find(({ current }) => current);
  await page.request.delete(`/api/v2/me/sessions/${mine?.id}`, {
    headers: { Origin: new URL(page.url()).origin, 'Sec-Fetch-Site': 'same-origin' },
  });
  await page
    .getByRole('dialog', { name: 'End this session' })
    .getByRole('button', { name: 'End this session' })
    .click();
  await expect(page.getByText('Your session has ended.')).toBeVisible();
  await page.getByLabel('Username or e-mail').fill(who.user);
  await page.getByLabel('Password').fill(who.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('dialog', { name: 'End this session' })).toBeVisible();
});

test('a server that does not answer is said to, and asked again', async ({ page, request }) => {
  const who = await makeUser(request, unique('devices'));
  await signIn(page, who, '/account');
  await page.route('**/api/v2/me/sessions', (route) => route.abort());
  await page.getByRole('link', { name: 'My devices' }).click();
  await expect(page.getByRole('alert')).toContainText('The server does not answer');
  await page.unroute('**/api/v2/me/sessions');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('You are signed in nowhere else.')).toBeVisible();
});
