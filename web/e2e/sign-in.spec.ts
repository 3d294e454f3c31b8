// Signing in, with and without a second factor, and out.

import type { Page } from '@playwright/test';
import {
  ADMIN,
  asProgram,
  expect,
  expectAccessibleEverywhere,
  mailedCode,
  makeUser,
  signIn,
  test,
} from './fixtures';
import { sha256, totp } from './totp';

/** Gives name and password where a code is asked for after them. */
async function begin(page: Page, who: { user: string; password: string }): Promise<void> {
  await page.goto('/devices');
  await page.getByLabel('Username or e-mail').fill(who.user);
  await page.getByLabel('Password').fill(who.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function signOut(page: Page): Promise<void> {
  await page.locator('header summary').click();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to Rollcall' })).toBeVisible();
}

test('a wrong password is refused in words, and the name stays', async ({ page }) => {
  await page.goto('/');
  await page.getByLabel('Username or e-mail').fill(ADMIN.user);
  await page.getByLabel('Password').fill('not this one');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('wrong');
  await expect(page.getByLabel('Username or e-mail')).toHaveValue(ADMIN.user);
  await expect(page.getByLabel('Password')).toHaveValue('');
  await expectAccessibleEverywhere(page);
});

test('by keyboard alone: sign in, and out', async ({ page }) => {
  await page.goto('/account');
  await expect(page.getByLabel('Username or e-mail')).toBeFocused();
  await page.keyboard.type(ADMIN.user);
  await page.keyboard.press('Tab');
  await page.keyboard.type(ADMIN.password);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible();
  await page.locator('header summary').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Sign out' }).press('Enter');
  await expect(page.getByRole('heading', { name: 'Sign in to Rollcall' })).toBeVisible();
});

test('who may nothing is offered their own devices only', async ({ page, request }) => {
  const who = await makeUser(request, `plain${Date.now()}`);
  await signIn(page, who);
  await expect(page.getByRole('navigation', { name: 'Pages' }).getByRole('link')).toHaveText([
    'My devices',
    'My account',
  ]);
  await expect(page).toHaveURL(/\/devices$/);
});

test('with an authenticator, or a recovery code; a wrong one says so, too many until when', async ({
  page,
  request,
}) => {
  test.slow();
  const who = await makeUser(request, `coded${Date.now()}`);
  const { headers } = await asProgram(request, who);
  const proof = { 'x-2fa-method': 'password', 'x-2fa-code': sha256(who.password) };
  const begun = await request.post('/api/v2/me/factors/totp', { headers: { ...headers, ...proof } });
  const { secret } = (await begun.json()) as { secret: string };
  const enrolled = await request.post('/api/v2/me/factors/totp/confirm', {
    headers,
    data: { code: totp(secret, -1) },
  });
  const { recovery_codes: codes } = (await enrolled.json()) as { recovery_codes: string[] };

  await begin(page, who);
  const code = page.getByLabel('Code of your authenticator, or a recovery code');
  const confirm = page.getByRole('button', { name: 'Confirm' });
  await expect(code).toBeFocused();
  await expectAccessibleEverywhere(page);
  await code.fill('000000');
  await confirm.click();
  await expect(page.getByRole('alert')).toContainText('That one is not good.');
  await code.fill(totp(secret));
  await confirm.click();
  await expect(page.getByRole('heading', { name: 'My devices' })).toBeVisible();
  await signOut(page);

  await begin(page, who);
  await code.fill(codes[0] ?? '');
  await confirm.click();
  await expect(page.getByRole('heading', { name: 'My devices' })).toBeVisible();
  await signOut(page);

  await begin(page, who);
  await expect(async () => {
    if (await confirm.isEnabled()) {
      await code.fill('000000');
      await confirm.click();
    }
    await expect(page.getByRole('alert')).toContainText(/Too many wrong codes. Try again in \d/, {
      timeout: 500,
    });
  }).toPass();
  await expect(confirm).toBeDisabled();
});

test('with a code by mail', async ({ page, request }) => {
  const who = await makeUser(request, `mailed${Date.now()}`);
  const { headers } = await asProgram(request, who);
  const proof = { 'x-2fa-method': 'password', 'x-2fa-code': sha256(who.password) };
  const enrolled = await request.put('/api/v2/me/factors/mail', { headers: { ...headers, ...proof } });
  expect(enrolled.ok(), await enrolled.text()).toBe(true);
  await begin(page, who);
  await expect(page.getByText('A code is on its way to your mailbox.')).toBeVisible();
  await page
    .getByLabel('Code from the mail that we sent you')
    .fill(await mailedCode(`${who.user}@example.org`));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await expect(page.getByRole('heading', { name: 'My devices' })).toBeVisible();
});
