import { ADMIN, expect, expectAccessibleEverywhere, makeUser, prove, signIn, test } from './fixtures';
import type { Page } from '@playwright/test';

const DAY = 86_400_000;

/** The instant that the address names. */
function at(page: Page): number {
  return Date.parse(new URL(page.url()).searchParams.get('at') ?? '');
}

const table = (page: Page) => page.getByRole('region', { name: /^Signed in at / }).getByRole('table');

/** As the field for day and time takes it, in the zone of this machine, which is the browser’s. */
function local(instant: number): string {
  const ahead = new Date(instant).getTimezoneOffset() * 60_000;
  return new Date(instant - ahead).toISOString().slice(0, 19);
}

async function type(page: Page, instant: number): Promise<void> {
  await page.getByLabel(/^Instant, in the time of/).fill(local(instant));
  await page.getByRole('button', { name: 'Show', exact: true }).click();
}

test('a typed instant shows who was signed in then, and who came and went', async ({ page }) => {
  test.slow();
  await signIn(page, ADMIN, '/past');
  const instant = Math.floor(Date.now() / 1000) * 1000 - 5 * DAY;
  await type(page, instant);
  await prove(page, ADMIN);
  await expect(table(page).getByRole('row')).toHaveCount(51);
  expect(at(page)).toBe(instant);
  const then = page.getByRole('region', { name: /^Signed in at / });
  const asked = { as_of: new Date(instant).toISOString(), limit: 1 };
  const { total } = (await (await page.request.get('/api/v2/sessions', { params: asked })).json()) as {
    total: number;
  };
  expect(total).toBeGreaterThan(50);
  await expect(then).toContainText(`${new Intl.NumberFormat('en').format(total)} sessions were live.`);
  await expect(
    then.getByRole('list', { name: 'System' }).getByRole('link', { name: /^Mac OS/ }),
  ).toHaveAttribute('href', /^\/sessions\?as_of=\S+&q=os%3A%22Mac\+OS%22$/);

  const around = page.getByRole('region', { name: 'Who came and went' });
  await expect(around.getByText(/^The instant: /)).toBeVisible();
  await expectAccessibleEverywhere(page);
  await around.getByLabel('How far around').selectOption({ label: '± 1 day' });
  await expect(page).toHaveURL(/window=1d/);
  await expect(around.getByText(/^The instant: /)).toBeVisible();
  await expect(around.getByText('signed in').first()).toBeVisible();
  await expect(around.getByText('session ended').first()).toBeVisible();
  const times = await around
    .locator('time')
    .evaluateAll((all) => all.map((time) => Date.parse(time.getAttribute('datetime') ?? '')));
  expect(times.every((time) => Math.abs(time - instant) <= DAY)).toBe(true);
  expect(times).toEqual(times.toSorted((a, b) => b - a));

  // A link shows the same.
  await page.reload();
  await expect(table(page).getByRole('row')).toHaveCount(51);
  await expect(around.getByLabel('How far around')).toHaveValue('1d');

  await then.getByRole('link', { name: 'Open as a table' }).click();
  await expect(page).toHaveURL(/\/sessions\?as_of=/);
});

test('a click on the curve chooses the instant under it', async ({ page }) => {
  await signIn(page, ADMIN, '/past?range=7d');
  const slider = page.getByRole('slider', { name: 'Instant' });
  const box = await slider.boundingBox();
  if (!box) throw new Error('the slider has no box');
  await expect(page.getByText('No instant is chosen.')).toBeVisible();
  await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
  await expect(page.getByText(/^\d.*: [\d,]+ sessions live$/)).toBeVisible();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await prove(page, ADMIN);
  await expect(page).toHaveURL(/at=/);
  expect(Math.abs(at(page) - (Date.now() - 3.5 * DAY))).toBeLessThan(0.1 * DAY);
  await expect(table(page)).toBeVisible();
  await expect(slider).toHaveAttribute('aria-valuetext', /: [\d,]+ sessions live$/);
  await page.goBack();
  await expect(page).not.toHaveURL(/at=/);
  await expect(table(page)).toBeHidden();
});

test('by keyboard alone: along the curve, a shorter stretch, and back', async ({ page }) => {
  await signIn(page, ADMIN, '/past?range=7d');
  const slider = page.getByRole('slider', { name: 'Instant' });
  await slider.focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press('PageDown');
  await page.keyboard.press('ArrowLeft');
  await prove(page, ADMIN);
  await expect(table(page)).toBeVisible();
  const first = at(page);
  expect(first).toBeLessThan(Date.now() - DAY);
  await slider.focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => at(page)).toBeGreaterThan(first);
  await expect(slider).toBeFocused();
  const chosen = at(page);
  await page
    .getByRole('navigation', { name: 'Range of the curve' })
    .getByRole('link', { name: 'Day', exact: true })
    .press('Enter');
  await expect(page.getByRole('img', { name: /^Live sessions over time/ })).toBeVisible();
  expect(at(page)).toBe(chosen);
  await page.getByRole('link', { name: 'Earlier' }).press('Enter');
  await expect(page).toHaveURL(/to=/);
  await expect(page.getByRole('link', { name: 'Later' })).toBeVisible();
});

test('what cannot be shown is explained, and a way on is given', async ({ page }) => {
  await signIn(page, ADMIN, '/past?at=2001-01-01T00:00Z');
  await prove(page, ADMIN);
  const early = page.getByRole('alert').filter({ hasText: 'That is too long ago' });
  await expect(early).toContainText('but not who: that can be shown from');
  await early.getByRole('link', { name: 'Go to the earliest instant' }).click();
  await expect(page.getByRole('region', { name: /^Signed in at / })).toContainText(
    /sessions were live\.|Nobody was/,
  );

  await type(page, Date.now() + 2 * DAY);
  await expect(page.getByRole('alert').filter({ hasText: 'That has not happened yet' })).toBeVisible();

  await page.getByLabel(/^Instant, in the time of/).fill('');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'This is no instant' })).toBeVisible();

  await page.goto('/past?at=someday');
  await expect(page.getByText('The address names no instant: someday')).toBeVisible();
});

test('without a second factor the curve stands, and each part offers to ask again', async ({ page }) => {
  await signIn(page, ADMIN, `/past?at=${new Date(Date.now() - 5 * DAY).toISOString()}`);
  await expect(page.getByRole('dialog', { name: 'Second factor' })).toBeVisible();
  await page.keyboard.press('Escape');
  // It is asked for once, not by each part.
  await expect(page.getByRole('dialog', { name: 'Second factor' })).toBeHidden();
  await expect(page.getByRole('region', { name: 'Who came and went' })).toContainText('none was given');
  await expect(page.getByRole('slider', { name: 'Instant' })).toBeVisible();
  await page.getByRole('button', { name: 'Try again' }).first().click();
  await prove(page, ADMIN);
  await expect(table(page)).toBeVisible();
});

test('the curve is a table, too', async ({ page }) => {
  await signIn(page, ADMIN, '/past?range=1d&tables=curve');
  const curve = page.getByRole('region', { name: 'Live sessions over time' }).getByRole('table');
  await expect(curve.getByRole('columnheader')).toHaveText(['Time', 'Live sessions']);
  await curve.getByRole('link').nth(3).click();
  await expect(page).toHaveURL(/at=/);
});

test('who may not read the audit sees the past all the same', async ({ page }) => {
  await page.route('**/api/v2/me', async (route) => {
    const answer = await route.fetch();
    const me = (await answer.json()) as { permissions?: string[] };
    await route.fulfill({
      response: answer,
      json: { ...me, permissions: me.permissions?.filter((one) => one !== 'view-audit') },
    });
  });
  await signIn(page, ADMIN);
  await page.goto(`/past?at=${new Date(Date.now() - 5 * DAY).toISOString()}`);
  await prove(page, ADMIN);
  await expect(table(page)).toBeVisible();
  await expect(page.getByText('It needs the permission view-audit.')).toBeVisible();
});

test('who may see nothing of it is told what it needs', async ({ page, request }) => {
  await signIn(page, await makeUser(request, `past${Date.now()}`), '/past');
  await expect(page.getByText('It needs the permission view-statistics.')).toBeVisible();
});
