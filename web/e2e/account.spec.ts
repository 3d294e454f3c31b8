import type { Page } from '@playwright/test';
import {
  ADMIN,
  asProgram,
  expect,
  expectAccessibleEverywhere,
  mailedCode,
  makeUser,
  prove,
  signIn,
  test,
} from './fixtures';
import { sha256, totp } from './totp';

/** Answers the question for a second factor with a code. */
async function giveCode(page: Page, code: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Second factor' });
  await dialog.getByLabel('Code of your authenticator, or a recovery code').fill(code);
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await expect(dialog).toBeHidden();
}

/** The codes that are shown, when it was said that they are stored. */
async function storeCodes(page: Page): Promise<string[]> {
  const dialog = page.getByRole('dialog', { name: 'Recovery codes' });
  const codes = await dialog.getByRole('listitem').allTextContents();
  expect(codes).toHaveLength(12);
  await dialog.getByRole('button', { name: 'I have stored them' }).click();
  await expect(dialog).toBeHidden();
  return codes;
}

test('an authenticator is set up by hand, its codes replaced, and removed again', async ({
  page,
  request,
}) => {
  test.slow();
  const who = await makeUser(request, `totp${Date.now()}`);
  const other = await asProgram(request, who);
  await signIn(page, who, '/account');
  const factor = page.getByRole('region', { name: /Authenticator app/ });
  await expect(factor).toContainText('Off');
  await factor.getByRole('button', { name: 'Set up an authenticator…' }).click();
  await prove(page, who);

  const enrol = page.getByRole('dialog', { name: 'Authenticator app' });
  await expect(enrol.getByRole('img', { name: /QR code/ })).toBeVisible();
  await expect(enrol.getByLabel('Code that it shows now')).toBeFocused();
  await expectAccessibleEverywhere(page);
  const secret = await enrol.getByRole('group', { name: 'Secret' }).innerText();
  expect(secret).toMatch(/^([A-Z2-7]{4} )+[A-Z2-7]{1,4}$/);
  await enrol.getByLabel('Code that it shows now').fill('000000');
  await enrol.getByRole('button', { name: 'Confirm' }).click();
  await expect(enrol.getByRole('alert')).toContainText('Wait for the next one');
  await enrol.getByLabel('Code that it shows now').fill(totp(secret));
  await enrol.getByRole('button', { name: 'Confirm' }).click();

  const shown = page.getByRole('dialog', { name: 'Recovery codes' });
  await expect(shown).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(shown.getByRole('alert')).toContainText('nobody can show them again');
  const saving = page.waitForEvent('download');
  await shown.getByRole('button', { name: 'Download' }).click();
  expect((await saving).suggestedFilename()).toBe('rollcall-recovery-codes.txt');
  const codes = await storeCodes(page);
  await expect(factor).toContainText('On');
  await expect(factor).toContainText('12 recovery codes are left.');
  expect((await request.get('/api/v2/me', { headers: other.headers })).status()).toBe(401);

  await factor.getByRole('button', { name: 'Make other recovery codes…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Make others' }).click();
  await giveCode(page, codes[0] ?? '');
  const others = await storeCodes(page);
  expect(others).not.toEqual(codes);

  await factor.getByRole('button', { name: 'Remove the authenticator' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click();
  await giveCode(page, others[0] ?? '');
  await expect(factor).toContainText('Off');
});

test('a password is changed; what was typed stays when it is refused', async ({ page, request }) => {
  const who = await makeUser(request, `password${Date.now()}`);
  const other = await asProgram(request, who);
  await signIn(page, who, '/account');
  const form = page.getByRole('region', { name: 'Password' });
  await form.getByLabel('Present password').fill('not this one');
  await form.getByLabel('New password', { exact: true }).fill('another password');
  await form.getByLabel('New password again').fill('another passwort');
  await expect(form).toContainText('The two are not the same.');
  await expect(form.getByRole('button', { name: 'Change the password' })).toBeDisabled();
  await form.getByLabel('New password again').fill('another password');
  await form.getByRole('button', { name: 'Change the password' }).click();
  await prove(page, who);
  await expect(form.getByRole('alert')).toContainText('That is not your present password.');
  await expect(form.getByLabel('New password', { exact: true })).toHaveValue('another password');
  await form.getByLabel('Present password').fill(who.password);
  await form.getByRole('button', { name: 'Change the password' }).click();
  await expect(form.getByRole('status')).toContainText('The password is changed.');
  await expect(form.getByLabel('New password', { exact: true })).toHaveValue('');
  expect((await request.get('/api/v2/me', { headers: other.headers })).status()).toBe(401);
});

test('an address is changed, and a wrong code does not verify it; codes by mail need a verified one', async ({
  page,
  request,
}) => {
  test.slow();
  const name = `address${Date.now()}`;
  const who = await makeUser(request, name);
  await signIn(page, who, '/account');
  const mail = page.getByRole('region', { name: /Codes by mail/ });
  await mail.getByRole('button', { name: 'Turn on…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Turn codes by mail on' });
  await expect(dialog).toContainText(`${name}@example.org`);
  await dialog.getByRole('button', { name: 'Turn them on' }).click();
  await prove(page, who);
  await expect(mail).toContainText('On');

  const emails = page.getByRole('region', { name: 'E-mail addresses' });
  await emails.getByLabel('Another address').fill(`new-${name}@example.org`);
  await emails.getByRole('button', { name: 'Change it' }).click();
  await expect(emails.getByRole('status')).toContainText(`Your address is new-${name}@example.org now.`);
  await expect(emails).toContainText('not verified');
  await expect(mail).toContainText('Off');
  await expect(mail).toContainText('Needs an address that is verified');

  await emails.getByRole('button', { name: 'Mail me a code' }).click();
  await expect(emails).toContainText(`A code is on its way to new-${name}@example.org.`);
  await emails.getByLabel('Code from the mail').fill('000-000');
  await emails.getByRole('button', { name: 'Verify' }).click();
  await expect(emails.getByRole('alert')).toContainText('That is not the code that was mailed.');
  await expect(emails.getByLabel('Code from the mail')).toHaveValue('000-000');
  await expectAccessibleEverywhere(page);
});

test('an address is verified by the code that was mailed', async ({ page, request }) => {
  const name = `verified${Date.now()}`;
  const who = await makeUser(request, name);
  await signIn(page, who, '/account');
  const emails = page.getByRole('region', { name: 'E-mail addresses' });
  await emails.getByLabel('Another address').fill(`new-${name}@example.org`);
  await emails.getByRole('button', { name: 'Change it' }).click();
  await prove(page, who);
  await emails.getByRole('button', { name: 'Mail me a code' }).click();
  await emails.getByLabel('Code from the mail').fill(await mailedCode(`new-${name}@example.org`));
  await emails.getByRole('button', { name: 'Verify' }).click();
  await expect(emails.getByRole('status')).toContainText(`new-${name}@example.org is verified.`);
  await expect(emails).not.toContainText('not verified');
});

test('who must change the password is told why, and is let on when it is done', async ({ page, request }) => {
  const who = await makeUser(request, `must${Date.now()}`);
  const { id } = await asProgram(request, who);
  const admin = await asProgram(request, ADMIN);
  const answer = await request.post('/api/v1/users.update', {
    headers: {
      'X-User-Id': admin.id,
      'X-Auth-Token': admin.headers.Authorization.slice(7),
      'x-2fa-method': 'password',
      'x-2fa-code': sha256(ADMIN.password),
    },
    data: { userId: id, data: { requirePasswordChange: true } },
  });
  expect(answer.ok(), await answer.text()).toBe(true);
  await signIn(page, who, '/devices?from=here');
  await expect(page).toHaveURL(/\/account\?next=/);
  await expect(page.getByRole('region', { name: /Before anything else/ })).toContainText(
    'as an administrator asked',
  );
  const form = page.getByRole('region', { name: 'Password' });
  await form.getByLabel('Present password').fill(who.password);
  await form.getByLabel('New password', { exact: true }).fill('chosen by myself');
  await form.getByLabel('New password again').fill('chosen by myself');
  await form.getByRole('button', { name: 'Change the password' }).click();
  await prove(page, who);
  await expect(page.getByRole('region', { name: /Before anything else/ })).toBeHidden();
  await page.getByRole('link', { name: 'Go on to where you were' }).click();
  await expect(page).toHaveURL(/\/devices\?from=here$/);
});

test('who must enrol a factor is told why nothing else opens, and goes on when it is there', async ({
  page,
  request,
}) => {
  const who = await makeUser(request, `enrol${Date.now()}`);
  // A server that demands one of some role: what it then says of oneself.
  await page.route('**/api/v2/session', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), must_enrol_factor: true } });
  });
  await signIn(page, who, '/devices');
  await expect(page).toHaveURL(/\/account\?next=/);
  await expect(page.getByRole('navigation', { name: 'Pages' }).getByRole('link')).toHaveText(['My account']);
  await expect(page.getByRole('region', { name: /Before anything else/ })).toContainText(
    'Your role asks for a second factor',
  );
  await expect(page.getByRole('button', { name: 'Set up an authenticator…' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Password' })).toHaveCount(0);

  await page.getByRole('button', { name: 'Set up an authenticator…' }).click();
  await prove(page, who);
  const enrol = page.getByRole('dialog', { name: 'Authenticator app' });
  const secret = await enrol.getByRole('group', { name: 'Secret' }).innerText();
  await enrol.getByLabel('Code that it shows now').fill(totp(secret));
  await enrol.getByRole('button', { name: 'Confirm' }).click();
  await storeCodes(page);
  await expect(page.getByRole('region', { name: /Before anything else/ })).toBeHidden();
  await page.getByRole('link', { name: 'Go on to where you were' }).click();
  await expect(page).toHaveURL(/\/devices$/);
});

test('single keys are switched off for this browser, and stay off', async ({ page, request }) => {
  const who = await makeUser(request, `keys${Date.now()}`);
  await signIn(page, who, '/account');
  await page.getByLabel('Single keys do something').uncheck();
  await page.reload();
  await expect(page.getByLabel('Single keys do something')).not.toBeChecked();
});
