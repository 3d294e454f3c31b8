import type { APIRequestContext, Page } from '@playwright/test';
import {
  ADMIN,
  asProgram,
  expect,
  expectAccessibleEverywhere,
  makeUser,
  prove,
  signIn,
  test,
} from './fixtures';
import { sha256, totp } from './totp';

/** A user who is signed in on two devices, with an authenticator and a personal token. */
async function equipped(request: APIRequestContext, username: string) {
  const who = await makeUser(request, username);
  const phone = await asProgram(
    request,
    who,
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  );
  const code = { 'x-2fa-method': 'password', 'x-2fa-code': sha256(who.password) };
  const begun = await request.post('/api/v2/me/factors/totp', { headers: { ...phone.headers, ...code } });
  const { secret } = (await begun.json()) as { secret: string };
  const confirmed = await request.post('/api/v2/me/factors/totp/confirm', {
    headers: phone.headers,
    data: { code: totp(secret, -1) },
  });
  expect(confirmed.ok(), await confirmed.text()).toBe(true);
  const token = await request.post('/api/v1/users.generatePersonalAccessToken', {
    headers: {
      'X-User-Id': phone.id,
      'X-Auth-Token': phone.headers.Authorization.slice(7),
      'x-2fa-method': 'totp',
      'x-2fa-code': totp(secret),
    },
    data: { tokenName: 'backup job' },
  });
  expect(token.ok(), await token.text()).toBe(true);
  return { ...who, id: phone.id };
}

async function openPerson(page: Page, username: string): Promise<void> {
  await page.getByRole('searchbox', { name: 'Search people' }).fill(username);
  await expect(page.getByRole('table', { name: 'People of the workspace' }).getByRole('row')).toHaveCount(2);
  await page.getByRole('link', { name: username, exact: true }).click();
  await prove(page, ADMIN);
}

test('people are found as one types, and the address says what was looked for', async ({ page }) => {
  test.slow();
  await signIn(page, ADMIN, '/people');
  const table = page.getByRole('table', { name: 'People of the workspace' });
  await expect(table.getByRole('row')).toHaveCount(51);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect(table.getByRole('row')).toHaveCount(101);

  await page.getByRole('searchbox', { name: 'Search people' }).fill('admin');
  await expect(page).toHaveURL(/\/people\?q=admin$/);
  const row = table.getByRole('row').filter({ has: page.getByRole('cell', { name: 'admin', exact: true }) });
  await expect(row).toContainText('admin, user');
  await expect(row).toContainText('Active');
  await expectAccessibleEverywhere(page);

  await page.getByRole('searchbox', { name: 'Search people' }).fill('nobody is called so');
  await expect(page.getByRole('heading', { name: 'Nobody is found' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('searchbox', { name: 'Search people' })).toHaveValue('nobody is called so');
  await page.getByRole('button', { name: 'Show everybody' }).click();
  await expect(table.getByRole('row')).toHaveCount(51);
  await expect(page.getByRole('searchbox', { name: 'Search people' })).toHaveValue('');
});

test('a person’s factors are reset and a token is ended, each said first', async ({ page, request }) => {
  test.slow();
  const who = await equipped(request, `equipped${Date.now()}`);
  await signIn(page, ADMIN, '/people');
  await openPerson(page, who.user);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(who.user);
  await expect(page.getByText(`${who.user}@example.org`)).toBeVisible();
  await expect(page.getByRole('link', { name: /Firefox 140 on/ })).toBeVisible();
  await expectAccessibleEverywhere(page);

  await page.getByRole('button', { name: 'End the token backup job' }).click();
  const ending = page.getByRole('dialog', { name: 'End a personal access token' });
  await expect(ending).toContainText('backup job');
  await ending.getByRole('button', { name: 'End the token' }).click();
  await expect(ending).toBeHidden();
  await expect(page.getByText('Has none.')).toBeVisible();

  await page.getByRole('button', { name: 'Reset factors…' }).click();
  const reset = page.getByRole('dialog', { name: 'Reset second factors' });
  await expect(reset).toContainText('1 live session ends.');
  await expectAccessibleEverywhere(page);
  await reset.getByRole('button', { name: 'Reset the factors' }).click();
  await expect(reset).toBeHidden();
  await expect(page.getByText('Is signed in nowhere.')).toBeVisible();
  await expect(page.getByText('Has no second factor to reset.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Reset factors…' })).toBeDisabled();
});

test('a person is contained, let sign in again, and signs in anew', async ({ page, request, browser }) => {
  test.slow();
  const who = await makeUser(request, `contained${Date.now()}`);
  await asProgram(request, who);
  await signIn(page, ADMIN, '/people');
  await openPerson(page, who.user);
  await page.getByRole('button', { name: 'Contain…' }).click();
  const contain = page.getByRole('dialog', { name: `Contain ${who.user}` });
  await contain.getByLabel(`Type the username ${who.user} to confirm`).fill(who.user);
  await contain.getByRole('button', { name: 'Contain this user' }).click();
  await prove(page, ADMIN);
  await page.getByRole('dialog', { name: 'Receipt' }).getByRole('button', { name: 'Close' }).last().click();
  await expect(page.getByText('Deactivated')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Contain…' })).toBeHidden();
  await expect(page.getByText('Is signed in nowhere.')).toBeVisible();
  const refused = await request.post('/api/v1/login', { data: who });
  expect(refused.ok()).toBe(false);

  await page.getByRole('button', { name: 'Let sign in again…' }).click();
  const again = page.getByRole('dialog', { name: `Let ${who.user} sign in again` });
  await expect(again).toContainText('No session and no token that has ended comes back.');
  await expectAccessibleEverywhere(page);
  // The second factor is remembered for an administrator's acts; without it is asked for in place.
  await again.getByRole('button', { name: 'Let sign in again' }).click();
  await expect(again).toBeHidden();
  await expect(page.getByRole('status').filter({ hasText: `${who.user} can sign in again.` })).toHaveCount(1);
  await expect(page.getByText('Deactivated')).toBeHidden();
  await expect(page.getByRole('button', { name: 'Contain…' })).toBeVisible();
  await expect(page.getByText('Is signed in nowhere.')).toBeVisible();

  const theirs = await browser.newContext();
  await signIn(await theirs.newPage(), who);
  await theirs.close();
});

test('a name full of markup, turned around and endless, is text that breaks nothing', async ({
  page,
  request,
}) => {
  test.slow();
  const username = `hostile${Date.now()}`;
  await makeUser(request, username);
  const admin = await asProgram(request, ADMIN);
  const found = await request.get(`/api/v2/users?q=${username}`, { headers: admin.headers });
  const { items } = (await found.json()) as { items: { id: string }[] };
  const name = `<img src=x onerror=alert(1)>\u202Etxt.exe ${'W'.repeat(900)}`;
  const answer = await request.post('/api/v1/users.update', {
    headers: {
      'X-User-Id': admin.id,
      'X-Auth-Token': admin.headers.Authorization.slice(7),
      'x-2fa-method': 'password',
      'x-2fa-code': sha256(ADMIN.password),
    },
    data: { userId: items[0]?.id, data: { name } },
  });
  expect(answer.ok(), await answer.text()).toBe(true);
  await signIn(page, ADMIN, `/people?q=${username}`);
  await page.getByRole('link', { name: '<img src=x onerror=alert(1)>‹U+202E›txt.exe' }).first().click();
  await prove(page, ADMIN);
  await expect(page.getByRole('heading', { level: 1 })).toContainText(
    '<img src=x onerror=alert(1)>‹U+202E›txt.exe',
  );
  await expect(page.getByText('Is signed in nowhere.')).toBeVisible();
  await expectAccessibleEverywhere(page);
});

test('a person is found by the id alone, and one that is none is said to be none', async ({
  page,
  request,
}) => {
  const who = await makeUser(request, `byid${Date.now()}`);
  const { id } = await asProgram(request, who);
  await signIn(page, ADMIN, `/people/${id}`);
  await prove(page, ADMIN);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(who.user);
  await page.getByRole('link', { name: 'What they did' }).click();
  await expect(page).toHaveURL(new RegExp(`/audit\\?q=actor%3A${who.user}$`));

  await page.goto('/people/NobodyHasThisId00');
  await expect(page.getByRole('heading', { name: 'There is no such person' })).toBeVisible();
});

test('who may not see people is told which permission it takes', async ({ page, request }) => {
  const who = await makeUser(request, `plainpeople${Date.now()}`);
  await signIn(page, who, '/people');
  await expect(page.getByRole('alert')).toContainText('You may not see this');
  await expect(page.getByRole('alert')).toContainText('view-full-other-user-info');
});
