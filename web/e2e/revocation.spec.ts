// Ending what a filter finds, containing a person, saved views and exports, against the server itself.

import { readFile } from 'node:fs/promises';
import type { APIRequestContext, Locator, Page } from '@playwright/test';
import {
  ADMIN,
  asProgram,
  expect,
  expectAccessible,
  expectAccessibleEverywhere,
  makeUser,
  prove,
  signIn,
  test,
} from './fixtures';

type Token = Awaited<ReturnType<typeof asProgram>>;

let made = 0;
const unique = (name: string) => `${name}${Date.now()}${made++}`;

/** So many users of one prefix, with so many sessions each. */
async function crowd(request: APIRequestContext, users: number, sessions: number) {
  const prefix = unique('crowd');
  const tokens: Token[] = [];
  for (let user = 0; user < users; user++) {
    const who = await makeUser(request, `${prefix}x${user}`);
    for (let n = 0; n < sessions; n++) tokens.push(await asProgram(request, who));
  }
  return { q: `user:${prefix}*`, prefix, tokens };
}

/** How many of the tokens are good. */
async function good(request: APIRequestContext, tokens: Token[]): Promise<number> {
  const all = await Promise.all(tokens.map(({ headers }) => request.get('/api/v2/me', { headers })));
  return all.filter((answer) => answer.status() === 200).length;
}

/** The sessions' page of a filter, as an administrator who has given a code for it. */
async function sessions(page: Page, q: string): Promise<void> {
  await signIn(page, ADMIN, `/sessions?${new URLSearchParams({ q }).toString()}`);
  await prove(page, ADMIN);
}

/** Selects all that the filter finds, and opens the dialog that ends them. */
async function endAll(page: Page): Promise<Locator> {
  await page.getByRole('checkbox', { name: 'Select the rows in sight' }).check();
  const all = page.getByRole('button', { name: /^Select (all \d+ that match|the one that matches)$/ });
  if (await all.isVisible()) await all.click();
  await page.getByRole('region', { name: 'Selection' }).getByRole('button', { name: 'End…' }).click();
  return page.getByRole('dialog', { name: 'End sessions' });
}

const problem = (status: number, name: string, title: string, detail: string) => ({
  status,
  contentType: 'application/problem+json',
  body: JSON.stringify({ type: `/problems/${name}`, title, status, detail }),
});

test('all that match end: a look, a reason, the typed count, a code, a receipt', async ({
  page,
  request,
}) => {
  test.setTimeout(240_000);
  const { q, prefix, tokens } = await crowd(request, 3, 34);
  await sessions(page, q);
  const dialog = await endAll(page);
  await expect(dialog).toContainText('102 sessions of 3 users would end');
  await expect(dialog.getByRole('table', { name: 'By user' }).getByRole('row')).toHaveCount(4);
  await expect(dialog.getByRole('table', { name: 'By user' })).toContainText(`${prefix}x0`);
  await expect(dialog).toContainText(/good for 1[45]:\d\d more/);
  await dialog.getByText('See the newest 10 of them').click();
  await expectAccessibleEverywhere(page);

  // Who signs in after the look stays.
  const late = await asProgram(request, { user: `${prefix}x0`, password: `password-of-${prefix}x0` });

  const end = dialog.getByRole('button', { name: 'End 102 sessions' });
  await end.click();
  await expect(dialog.getByText('Say why: the audit keeps it.')).toBeVisible();
  await expect(dialog.getByLabel('Reason')).toBeFocused();
  await page.keyboard.type('case 4711');
  await page.keyboard.press('Enter');
  await expect(dialog.getByText('That is not the number. It is 102.')).toBeVisible();
  await expect(dialog.getByLabel('Type 102 to confirm')).toBeFocused();
  await page.keyboard.type('102');
  await page.keyboard.press('Enter');

  // A code is asked for anew, and who gives none loses nothing.
  const code = page.getByRole('dialog', { name: 'Second factor' });
  await expect(code).toContainText('end 102 sessions');
  await code.getByRole('button', { name: 'Close' }).click();
  await expect(dialog.getByRole('alert')).toContainText('Nothing was ended');
  await expect(dialog.getByLabel('Reason')).toHaveValue('case 4711');
  await expect(dialog.getByLabel('Type 102 to confirm')).toHaveValue('102');
  expect(await good(request, tokens)).toBe(102);

  await end.click();
  await prove(page, ADMIN);
  const receipt = page.getByRole('dialog', { name: 'Receipt' });
  await expect(receipt).toContainText('102 sessions are ended.');
  await expect(receipt).toContainText(
    '1 session that the filter finds was opened since you looked, and stays.',
  );
  await expect(receipt).toContainText('case 4711');
  await expect(receipt).toContainText(/rollcall audit verify --expect \d+:[0-9a-f]+/);
  await expectAccessibleEverywhere(page);
  expect(await good(request, tokens)).toBe(0);
  expect(await good(request, [late])).toBe(1);

  const [file] = await Promise.all([
    page.waitForEvent('download'),
    receipt.getByRole('button', { name: 'Save as JSON' }).click(),
  ]);
  const kept = JSON.parse(await readFile(await file.path(), 'utf8')) as Record<string, unknown>;
  expect(kept).toMatchObject({
    ended: 102,
    count: 102,
    reason: 'case 4711',
    state: 'finished',
    by: ADMIN.user,
  });

  await receipt.getByRole('button', { name: 'Close' }).last().click();
  await expect(receipt).toBeHidden();
  await expect(page.getByText('1 session matches').first()).toBeVisible();
});

test('by keyboard alone: some are found, all of them selected, and ended', async ({ page, request }) => {
  const { q, tokens } = await crowd(request, 1, 3);
  await signIn(page, ADMIN, '/sessions');
  await prove(page, ADMIN);
  await expect(page.locator('.total')).toHaveText(/sessions$/);
  const { keyboard } = page;
  await keyboard.press('/');
  await keyboard.type(q);
  await keyboard.press('Enter');
  await expect(page.locator('.total')).toHaveText('3 sessions match');
  const tabTo = async (what: Locator) => {
    for (let i = 0; i < 60; i += 1) {
      if (await what.evaluate((it) => it === document.activeElement)) return;
      await keyboard.press('Tab');
    }
    await expect(what).toBeFocused();
  };
  await tabTo(page.getByRole('grid', { name: 'Sessions' }));
  await keyboard.press('x');
  const selection = page.getByRole('region', { name: 'Selection' });
  await tabTo(selection.getByRole('button', { name: 'Select all 3 that match' }));
  await keyboard.press('Enter');
  await expect(selection.getByRole('button', { name: 'End…' }), 'the focus is kept').toBeFocused();
  await keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'End sessions' });
  await expect(dialog).toContainText('3 sessions of 1 user would end');
  await expect(dialog.getByLabel('Reason')).toBeFocused();
  await keyboard.type('by keyboard');
  await keyboard.press('Enter');
  const code = page.getByRole('dialog', { name: 'Second factor' });
  await expect(code.getByLabel('Your password')).toBeFocused();
  await keyboard.type(ADMIN.password);
  await keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Receipt' })).toContainText('3 sessions are ended.');
  await keyboard.press('Escape');
  await expect(page.getByRole('heading', { name: 'No session matches' })).toBeVisible();
  expect(await good(request, tokens)).toBe(0);
});

test('the newest of each user are kept when that is said', async ({ page, request }) => {
  const { q, tokens } = await crowd(request, 2, 3);
  await sessions(page, q);
  const dialog = await endAll(page);
  await expect(dialog).toContainText('6 sessions of 2 users would end');
  await dialog.getByLabel('Keep each user’s newest').fill('one');
  await expect(dialog.getByText('A whole number, please, or nothing.')).toBeVisible();
  await dialog.getByLabel('Keep each user’s newest').fill('1');
  await expect(dialog).toContainText('4 sessions of 2 users would end');
  await expect(dialog.getByText(/^Type .* to confirm/)).toHaveCount(0);
  await dialog.getByLabel('Reason').fill('old ones');
  await dialog.getByRole('button', { name: 'End 4 sessions' }).click();
  await prove(page, ADMIN);
  await expect(page.getByRole('dialog', { name: 'Receipt' })).toContainText('4 sessions are ended.');
  expect(await good(request, tokens)).toBe(2);
});

test('oneself is left out at first; with oneself among them it is loud, and the receipt outlives the session', async ({
  page,
}) => {
  await sessions(page, 'current:yes');
  const dialog = await endAll(page);
  const except = dialog.getByRole('checkbox', { name: 'Leave out the session that I am using' });
  if (!(await except.isChecked())) await except.check();
  await expect(dialog).toContainText('Nothing is found that could be ended.');
  await expect(dialog.getByRole('button', { name: /^End \d/ })).toHaveCount(0);
  await except.uncheck();
  await expect(dialog.getByRole('alert')).toContainText('Your own session is among them');
  await expectAccessible(page);
  await dialog.getByLabel('Reason').fill('leaving');
  await dialog.getByRole('button', { name: 'End 1 session' }).click();
  await prove(page, ADMIN);
  const receipt = page.getByRole('dialog', { name: 'Receipt' });
  await expect(receipt).toContainText('1 session is ended.');
  await expect(receipt).toContainText('Your own session was among them.');
  await receipt.getByRole('button', { name: 'Close' }).last().click();
  await page.getByLabel('Username or e-mail').fill(ADMIN.user);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible();
});

test('a look that has run out is taken again, and what was typed stays', async ({ page, request }) => {
  const { q } = await crowd(request, 1, 2);
  await page.clock.install();
  await sessions(page, q);
  const dialog = await endAll(page);
  await dialog.getByLabel('Reason').fill('slowly');
  await page.clock.fastForward('15:01');
  await expect(dialog.getByRole('alert')).toContainText('This look has run out');
  await dialog.getByRole('button', { name: 'End 2 sessions' }).click();
  await expect(page.getByRole('dialog', { name: 'Second factor' })).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Look again' }).click();
  await expect(dialog).toContainText(/good for 1[45]:\d\d more/);
  await expect(dialog.getByLabel('Reason')).toHaveValue('slowly');
});

test('a server that takes the look no more says what to do', async ({ page, request }) => {
  const { q, tokens } = await crowd(request, 1, 2);
  await sessions(page, q);
  const dialog = await endAll(page);
  await dialog.getByLabel('Reason').fill('case 4711');
  await page.route('**/api/v2/revocations', (route) =>
    route.fulfill(
      problem(409, 'other-digest', 'The digest is not the preview’s', 'It says which set you looked at.'),
    ),
  );
  await dialog.getByRole('button', { name: 'End 2 sessions' }).click();
  await expect(dialog.getByRole('alert')).toContainText('Nothing was ended');
  await page.unroute('**/api/v2/revocations');
  await dialog.getByRole('button', { name: 'Look again' }).click();
  await expect(dialog.getByRole('alert')).toHaveCount(0);
  await dialog.getByRole('button', { name: 'End 2 sessions' }).click();
  await prove(page, ADMIN);
  await expect(page.getByRole('dialog', { name: 'Receipt' })).toContainText('2 sessions are ended.');
  expect(await good(request, tokens)).toBe(0);
});

test('when the answer never comes, what became of it is asked', async ({ page, request }) => {
  const { q } = await crowd(request, 1, 2);
  await sessions(page, q);
  const dialog = await endAll(page);
  await dialog.getByLabel('Reason').fill('case 4711');
  // The request with the code never arrives.
  await page.route('**/api/v2/revocations', (route) =>
    route.request().headers()['x-2fa-code'] ? route.abort() : route.continue(),
  );
  await dialog.getByRole('button', { name: 'End 2 sessions' }).click();
  await prove(page, ADMIN);
  await expect(dialog.getByRole('alert')).toContainText('The server did not answer');
  await dialog.getByRole('button', { name: 'What became of it?' }).click();
  await expect(dialog.getByText('It had not begun.')).toBeVisible();
  await page.unroute('**/api/v2/revocations');

  // This time it arrives, and its answer does not.
  await page.route('**/api/v2/revocations', async (route) => {
    const answer = await route.fetch();
    if (answer.ok()) await route.abort();
    else await route.fulfill({ response: answer });
  });
  await dialog.getByRole('button', { name: 'End 2 sessions' }).click();
  await prove(page, ADMIN);
  const receipt = page.getByRole('dialog', { name: 'Receipt' });
  const ask = dialog.getByRole('button', { name: 'What became of it?' });
  await ask.click();
  await expect(receipt).toContainText('2 sessions are ended.');
});

test('a long one tells how far it is', async ({ page, request }) => {
  const { q } = await crowd(request, 1, 2);
  await sessions(page, q);
  const dialog = await endAll(page);
  await dialog.getByLabel('Reason').fill('case 4711');
  let ended = 0;
  const at = new Date().toISOString();
  const body = () => ({
    ...{
      id: 'x',
      digest: 'd',
      filter: q,
      count: 2000,
      reason: 'case 4711',
      previewed_at: at,
      expires_at: at,
    },
    ...{ begun_at: at, first_seq: 7, ended, already_gone: 0 },
    ...(ended < 2000 ? { state: 'running' } : { state: 'finished', newer: 0, took_ms: 31_000, last_seq: 9 }),
  });
  await page.route('**/api/v2/revocations', (route) => route.fulfill({ status: 202, json: body() }));
  await page.route('**/api/v2/revocations/x', (route) => route.fulfill({ json: body() }));
  await dialog.getByRole('button', { name: 'End 2 sessions' }).click();
  await expect(dialog.getByRole('progressbar', { name: 'Ending sessions…' })).toBeVisible();
  ended = 1234;
  await expect(dialog).toContainText('1,234 of 2,000 sessions');
  await expectAccessible(page);
  ended = 2000;
  await expect(page.getByRole('dialog', { name: 'Receipt' })).toContainText('2,000 sessions are ended.');
});

test('a person is contained after it was said what that does', async ({ page, request }) => {
  const who = await makeUser(request, unique('leaver'));
  const tokens = [await asProgram(request, who), await asProgram(request, who)];
  await signIn(page, ADMIN, `/people/${tokens[0]?.id}`);
  await prove(page, ADMIN);
  await page.getByRole('button', { name: 'Contain…' }).click();
  const dialog = page.getByRole('dialog', { name: `Contain ${who.user}` });
  await expect(dialog).toContainText('All their sessions end (2 now');
  await expectAccessibleEverywhere(page);
  await dialog.getByRole('button', { name: 'Contain this user' }).click();
  await expect(dialog.getByText('That is not the username.')).toBeVisible();
  await expect(dialog.getByRole('textbox')).toBeFocused();
  await page.keyboard.type(who.user);
  await page.keyboard.press('Enter');
  await prove(page, ADMIN);
  const receipt = page.getByRole('dialog', { name: 'Receipt' });
  await expect(receipt).toContainText(`${who.user} is contained.`);
  await expect(receipt).toContainText('2 sessions are ended.');
  await expectAccessible(page);
  expect(await good(request, tokens)).toBe(0);
  const again = await request.post('/api/v1/login', { data: who });
  expect(again.ok()).toBe(false);
});

test('a view is saved, shared, picked, deleted, and brought back', async ({ page }) => {
  const name = unique('Old/Chromes ');
  await sessions(page, 'device:chrome version<100');
  await page.getByRole('button', { name: 'Views' }).click();
  const menu = page.getByRole('group', { name: 'Views' });
  await menu.getByLabel('Name of the view').fill(name);
  await menu.getByRole('checkbox', { name: 'Share it with all who see sessions' }).check();
  await menu.getByRole('button', { name: 'Save' }).click();
  await expect(menu.getByText(`Saved as ${name}.`)).toBeVisible();
  await expect(menu.getByText('shared with all who see sessions').first()).toBeVisible();
  await expectAccessibleEverywhere(page);
  await page.keyboard.press('Escape');
  await expect(menu).toBeHidden();
  await expect(page.getByRole('button', { name: 'Views' })).toBeFocused();

  await page.goto('/sessions?q=os%3Alinux');
  await page.getByRole('button', { name: 'Views' }).click();
  await menu.getByRole('button', { name: `Stop sharing ${name}` }).click();
  await expect(menu.getByRole('button', { name: `Share ${name}` })).toBeVisible();
  await menu.getByRole('button', { name: new RegExp(`^${name} `) }).click();
  await expect(page).toHaveURL(/q=device%3Achrome/);

  await page.getByRole('button', { name: 'Views' }).click();
  await menu.getByRole('button', { name: `Delete ${name}` }).click();
  await expect(menu.getByText(`Deleted ${name}.`)).toBeVisible();
  await menu.getByRole('button', { name: 'Undo' }).click();
  await expect(menu.getByRole('button', { name: `Delete ${name}` })).toBeVisible();
  await menu.getByRole('button', { name: `Delete ${name}` }).click();
  await expect(menu.getByText(`Deleted ${name}.`)).toBeVisible();
});

test('what a filter finds is saved as a file, after a second factor where one is due', async ({
  page,
  request,
}) => {
  const { q } = await crowd(request, 1, 3);
  await signIn(page, ADMIN, `/sessions?${new URLSearchParams({ q }).toString()}`);
  await prove(page, ADMIN);
  // The window runs out while the page is open: once, the server asks.
  let due = true;
  await page.route('**/api/v2/sessions?*limit=1', async (route) => {
    if (!due) return route.continue();
    due = Boolean(!route.request().headers()['x-2fa-code']);
    return due
      ? route.fulfill({
          status: 403,
          contentType: 'application/problem+json',
          body: JSON.stringify({
            ...{
              type: '/problems/step-up-required',
              title: 'A second factor is needed',
              status: 403,
              detail: '',
            },
            ...{ method: 'password', methods: ['password'], code_mailed: false },
          }),
        })
      : route.continue();
  });
  await page.getByRole('button', { name: 'Export' }).click();
  const menu = page.getByRole('group', { name: 'Export' });
  await expectAccessible(page);
  await menu.getByRole('link', { name: /CSV/ }).click();
  await page.getByRole('dialog', { name: 'Second factor' }).getByRole('button', { name: 'Close' }).click();
  await expect(menu.getByRole('alert')).toContainText('Not done');
  await menu.getByRole('link', { name: /CSV/ }).click();
  const [csv] = await Promise.all([page.waitForEvent('download'), prove(page, ADMIN)]);
  expect(csv.suggestedFilename()).toBe('sessions.csv');
  expect(await readFile(await csv.path(), 'utf8')).toMatch(/# whole, sessions: 3\s*$/);

  await page.getByRole('button', { name: 'Export' }).click();
  const [lines] = await Promise.all([
    page.waitForEvent('download'),
    menu.getByRole('link', { name: /NDJSON/ }).click(),
  ]);
  expect(await readFile(await lines.path(), 'utf8')).toMatch(/\{"whole":true,"items":3\}\s*$/);
});
