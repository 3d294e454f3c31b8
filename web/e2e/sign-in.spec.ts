import { ADMIN, expect, expectAccessibleEverywhere, makeUser, signIn, test } from './fixtures';

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
