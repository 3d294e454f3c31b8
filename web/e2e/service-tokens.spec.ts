import type { APIRequestContext, Locator, Page } from '@playwright/test';
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
import { sha256 } from './totp';

/** How the server answers who asks for the audit with a secret. */
async function answers(request: APIRequestContext, secret: string): Promise<number> {
  const answer = await request.get('/api/v2/audit?limit=1', {
    headers: { Authorization: `Bearer ${secret}` },
  });
  return answer.status();
}

/** The secret that a dialog shows, when the code was given. */
async function secretIn(page: Page, name: string): Promise<{ dialog: Locator; secret: string }> {
  await prove(page, ADMIN);
  const dialog = page.getByRole('dialog', { name: `The secret of ${name}` });
  return { dialog, secret: await dialog.getByLabel('Secret').inputValue() };
}

test('a service token is made, rotated and revoked', async ({ page, request }) => {
  const name = `nightly report ${Date.now()}`;
  await signIn(page, ADMIN, '/service-tokens');
  await prove(page, ADMIN);
  await page.getByRole('button', { name: 'Make a service token…' }).click();
  const make = page.getByRole('dialog', { name: 'Make a service token' });
  await expect(make.getByLabel('Name')).toBeFocused();
  await expect(make.getByRole('button', { name: 'Make it' })).toBeDisabled();
  await make.getByLabel('Name').fill(name);
  await make.getByLabel('read the audit').check();
  await make.getByLabel('Networks').fill('not a network');
  await make.getByLabel('Good for').focus();
  await expect(make.getByRole('alert')).toContainText('This is no network or address: not, a, network');
  await expect(make.getByRole('button', { name: 'Make it' })).toBeDisabled();
  // What only the server knows is wrong is said too, and what was typed stays.
  await make.getByLabel('Networks').fill('300.0.2.0/24');
  await make.getByRole('button', { name: 'Make it' }).click();
  await prove(page, ADMIN);
  await expect(make.getByRole('alert')).toContainText('This is no network');
  await expect(make.getByLabel('Name')).toHaveValue(name);
  await make.getByLabel('Networks').fill('127.0.0.0/8\n::1');
  await make.getByLabel('Good for').selectOption('30 days');
  await make.getByRole('button', { name: 'Make it' }).click();
  const made = await secretIn(page, name);
  expect(made.secret).toMatch(/^rcs_[A-Za-z0-9]{43}$/);
  expect(await answers(request, made.secret)).toBe(200);
  await page.keyboard.press('Escape');
  await expect(made.dialog.getByRole('alert')).toContainText('nobody can show it again');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await made.dialog.getByRole('button', { name: 'Copy the secret' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(made.secret);
  await made.dialog.getByRole('button', { name: 'I have stored it' }).click();
  await expect(made.dialog).toBeHidden();

  const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });
  await expect(row).toContainText('read the audit');
  await expect(row).toContainText('127.0.0.0/8');

  await row.getByRole('button', { name: `Rotate ${name}` }).click();
  const rotate = page.getByRole('dialog', { name: `Rotate ${name}` });
  await rotate.getByLabel('Secret of before stays good for').selectOption('an hour');
  await rotate.getByRole('button', { name: 'Rotate', exact: true }).click();
  const rotated = await secretIn(page, name);
  expect(rotated.secret).not.toBe(made.secret);
  expect(await answers(request, rotated.secret)).toBe(200);
  expect(await answers(request, made.secret)).toBe(200);
  await rotated.dialog.getByRole('button', { name: 'I have stored it' }).click();
  await expect(row).toContainText('Secret of before is good until');

  await row.getByRole('button', { name: `Revoke ${name}` }).click();
  const revoke = page.getByRole('dialog', { name: `Revoke ${name}` });
  await expect(revoke.getByRole('button', { name: 'Revoke it' })).toBeDisabled();
  await revoke.getByLabel(`Type the name ${name} to confirm`).fill(name);
  await revoke.getByRole('button', { name: 'Revoke it' }).click();
  await expect(row).toHaveCount(0);
  expect(await answers(request, rotated.secret)).toBe(401);
});

test('the list and the dialog are for everybody, in every width and both schemes', async ({
  page,
  request,
}) => {
  test.slow();
  const { headers } = await asProgram(request, ADMIN);
  const code = { 'x-2fa-method': 'password', 'x-2fa-code': sha256(ADMIN.password) };
  const data = { name: `shown ${Date.now()}`, scopes: ['view-audit'], networks: ['2001:db8:aaaa:bbbb::/64'] };
  expect(
    (await request.post('/api/v2/service-tokens', { headers: { ...headers, ...code }, data })).status(),
  ).toBe(201);
  await signIn(page, ADMIN, '/service-tokens');
  await prove(page, ADMIN);
  await expect(page.getByRole('rowheader', { name: data.name })).toBeVisible();
  await expectAccessibleEverywhere(page);
  await page.getByRole('button', { name: 'Make a service token…' }).click();
  await page.getByRole('dialog').getByLabel('Good for').selectOption('until a day of my choice');
  await expectAccessibleEverywhere(page);
});

test('who may not manage service tokens is told which permission it takes', async ({ page, request }) => {
  const who = await makeUser(request, `plaintokens${Date.now()}`);
  await signIn(page, who, '/service-tokens');
  await expect(page.getByRole('alert')).toContainText('manage-service-tokens');
});
