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

test('what a person did is found, told in words, and linked to what it touched', async ({
  page,
  request,
}) => {
  test.slow();
  const who = await makeUser(request, `watched${Date.now()}`);
  const { id, headers } = await asProgram(request, who);
  // An attempt that is refused: they may not see people.
  expect((await request.get('/api/v2/users', { headers })).status()).toBe(403);

  await signIn(page, ADMIN, '/audit');
  await prove(page, ADMIN);
  await page.getByLabel('By person').fill(who.user);
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page).toHaveURL(new RegExp(`/audit\\?q=actor%3A${who.user}$`));
  const events = page.getByRole('list', { name: 'Events, the newest first' }).getByRole('listitem');
  await expect(events.filter({ hasText: `${who.user} signed in from` })).toHaveCount(1);

  await page.getByRole('button', { name: 'Refusals' }).click();
  await expect(page.getByRole('button', { name: 'Refusals' })).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByLabel('Filter of events')).toHaveValue(`actor:${who.user} outcome:refused`);
  await expect(async () => {
    // What was refused is written down a moment later.
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(events.first()).toContainText('was refused at v2/users', { timeout: 1000 });
  }).toPass({ timeout: 30_000 });
  await expect(events.first()).toContainText('Refused');
  await page.getByRole('button', { name: 'Refusals' }).click();
  await page.getByRole('button', { name: 'Sign-ins' }).click();
  await expect(events).toHaveCount(1);

  await page.getByRole('button', { name: /^Details of event/ }).click();
  await expect(events.first()).toContainText('session.opened');
  const session = events.first().locator('a[href^="/sessions/"]');
  await expect(session).toHaveAttribute('href', /^\/sessions\/\w{17}$/);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy: Hash' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^[0-9a-f]{64}$/);
  await expectAccessibleEverywhere(page);

  await events.first().getByRole('link', { name: who.user }).first().click();
  await expect(page).toHaveURL(new RegExp(`/people/${id}\\?user=${who.user}$`));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(who.user);
});

test('a filter that is none says where, stays as it was typed, and everything else comes back', async ({
  page,
}) => {
  test.slow();
  await signIn(page, ADMIN, '/audit?q=outcome:refused%20akteur:zoe');
  await prove(page, ADMIN);
  await expect(page.getByRole('alert')).toContainText('events have no field `akteur`');
  await expect(page.getByRole('alert').locator('mark')).toHaveText('akteur');
  await expect(page.getByLabel('Filter of events')).toHaveValue('outcome:refused akteur:zoe');
  await expectAccessibleEverywhere(page);

  await page.getByLabel('Filter of events').fill('kind:user.created actor:nobody-is-called-so');
  await page.getByLabel('Filter of events').press('Enter');
  await expect(page.getByRole('heading', { name: 'No event is found' })).toBeVisible();
  await page.getByRole('button', { name: 'Show all events' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'Details' })).toHaveCount(50);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'Details' })).toHaveCount(100);
});

test('names full of markup are text, and cannot pose as a part of the sentence', async ({
  page,
  request,
}) => {
  const { headers } = await asProgram(request, ADMIN);
  const hostile = `<b>{subject}</b>\u202Eevil ${Date.now()}`;
  const code = { 'x-2fa-method': 'password', 'x-2fa-code': sha256(ADMIN.password) };
  const made = await request.post('/api/v2/service-tokens', {
    headers: { ...headers, ...code },
    data: { name: hostile, scopes: ['view-audit'] },
  });
  expect(made.ok(), await made.text()).toBe(true);
  await signIn(page, ADMIN, '/audit?q=kind:service-token.made');
  await prove(page, ADMIN);
  const item = page.getByRole('listitem').filter({ hasText: '<b>{subject}</b>‹U+202E›evil' }).first();
  await expect(item).toContainText('made the service token <b>{subject}</b>‹U+202E›evil');
});

test('who may not read the audit is told which permission it takes', async ({ page, request }) => {
  const who = await makeUser(request, `plainaudit${Date.now()}`);
  await signIn(page, who, '/audit');
  await expect(page.getByRole('alert')).toContainText('view-audit');
});
