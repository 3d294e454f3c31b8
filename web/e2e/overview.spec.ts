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
import type { Locator, Page } from '@playwright/test';

/** The filter that a link leads to. */
async function filterOf(link: Locator): Promise<string> {
  const href = (await link.getAttribute('href')) ?? '';
  expect(href).toMatch(/^\/sessions\?q=/);
  return new URLSearchParams(href.split('?')[1]).get('q') ?? '';
}

/** How many sessions a filter finds, by the browser’s own session. */
async function total(page: Page, q: string): Promise<number> {
  const answer = await page.request.get('/api/v2/sessions', { params: { q, limit: 1 } });
  expect(answer.ok(), await answer.text()).toBe(true);
  return ((await answer.json()) as { total: number }).total;
}

/** Gives no second factor where one is asked for. */
async function decline(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Second factor' });
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
}

const number = (text: string | null) => Number(/\d[\d,]*/.exec(text ?? '')?.[0].replaceAll(',', ''));

test('the overview: live figures are those of the lists that they lead to', async ({ page }) => {
  test.slow();
  await signIn(page, ADMIN, '/overview');
  await prove(page, ADMIN);
  const live = page.getByRole('region', { name: 'Sessions that are live' });
  const chrome = live.getByRole('list', { name: 'Chrome: By age of version' });
  await expect(chrome.getByRole('link').first()).toBeVisible();
  for (const bar of await chrome.getByRole('link').all()) {
    const q = await filterOf(bar);
    const figure = (await bar.locator('.number').textContent()) ?? '';
    expect(number(figure), q).toBe(await total(page, q));
  }
  const age = page.getByLabel('Signed in more than');
  await age.selectOption({ label: '7 days ago' });
  await expect(page).toHaveURL(/age=7/);
  const old = page.getByRole('region', { name: 'Sessions open for long' });
  await expect(old.getByRole('link')).toHaveAttribute('href', '/sessions?q=login%3E7d');
  expect(number(await old.getByRole('link').textContent())).toBe(await total(page, 'login>7d'));
  const none = live
    .getByRole('list', { name: 'By second factor of the user' })
    .getByRole('link', { name: 'none' });
  expect(await filterOf(none)).toBe('factor:none');
  await expectAccessibleEverywhere(page);
});

test('the number of live sessions is kept fresh', async ({ page, request }) => {
  await signIn(page, ADMIN, '/overview');
  await decline(page);
  const figure = page.getByRole('link', { name: /live now$/ });
  const before = number(await figure.textContent());
  // An administrator who signs in for every test has as many sessions as one may have, and one more ends the oldest.
  await asProgram(request, await makeUser(request, `fresh${Date.now()}`));
  await expect(async () => expect(number(await figure.textContent())).toBeGreaterThan(before)).toPass({
    timeout: 20_000,
  });
});

test('sign-ins lead to their sessions, with values quoted', async ({ page }) => {
  await signIn(page, ADMIN, '/overview?days=7');
  await decline(page);
  const systems = page.getByRole('list', { name: 'By system' });
  expect(await filterOf(systems.getByRole('link', { name: /^Mac OS/ }))).toBe('os:"Mac OS" login<7d');
  await page.getByRole('link', { name: '90 days' }).click();
  await expect(page).toHaveURL(/days=90/);
  await expect(page.getByRole('link', { name: /sign-ins in the last 90 days/ })).toBeVisible();
  const chrome = page.getByRole('list', { name: 'By device' }).getByRole('link', { name: /^Chrome/ });
  expect(await filterOf(chrome)).toBe('device:Chrome login<90d');
  await chrome.click();
  await expect(page).toHaveURL(/\/sessions\?q=device%3AChrome\+login%3C90d$/);
});

test('the week by keyboard: one stop, arrows move, Enter leads to the hour', async ({ page }) => {
  await signIn(page, ADMIN, '/overview?days=7');
  await decline(page);
  const grid = page.getByRole('region', { name: 'By weekday and hour' });
  const cell = grid.getByRole('link');
  await expect(cell).toHaveCount(1);
  await cell.focus();
  for (const key of ['Home', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowUp'])
    await page.keyboard.press(key);
  await expect(cell).toHaveAccessibleName(/^Monday 00:00 to 01:00: /);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await expect(cell).toHaveAccessibleName(/^Tuesday 01:00 to 02:00: /);
  await expect(cell).toBeFocused();
  const q = await filterOf(cell);
  expect(q).toMatch(/^login>=\S+Z login<\S+Z/);
  const hours = [...q.matchAll(/login>=(\S+Z)/g)].map(([, at]) => new Date(at ?? ''));
  for (const hour of hours) expect([hour.getDay(), hour.getHours()]).toEqual([2, 1]);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/sessions\?q=login/);
});

test('a chart is a table, too, and a link to it shows it so', async ({ page }) => {
  await signIn(page, ADMIN, '/overview');
  await decline(page);
  await expect(page.getByRole('img', { name: /^By weekday and hour\. Most on / })).toBeVisible();
  await page.getByRole('button', { name: 'As a table: By weekday and hour' }).click();
  await page.getByRole('button', { name: 'As a table: By network' }).click();
  await expect(page).toHaveURL(/tables=week%2Cnetworks/);
  await page.reload();
  const week = page.getByRole('region', { name: 'By weekday and hour' }).getByRole('table');
  await expect(week.getByRole('row')).toHaveCount(25);
  await expect(week.getByRole('columnheader')).toHaveText([
    'Hour',
    'Monday',
    'Tuesday',
    'Wednesday',
    'Thursday',
    'Friday',
    'Saturday',
    'Sunday',
  ]);
  await decline(page);
  await expectAccessible(page);
});

test('without a second factor one part says so, and all others stand', async ({ page }) => {
  await signIn(page, ADMIN, '/overview');
  await decline(page);
  const live = page.getByRole('region', { name: 'Sessions that are live' });
  await expect(live).toContainText('need a second factor, and none was given');
  await expect(
    page.getByRole('list', { name: 'By device' }).getByRole('link', { name: /^Chrome/ }),
  ).toBeVisible();
  await live.getByRole('button', { name: 'Try again' }).click();
  await prove(page, ADMIN);
  await expect(live.getByRole('list', { name: /^Chrome/ })).toBeVisible();
});

test('what cannot be read says so, and is read when it is tried again', async ({ page }) => {
  await page.route('**/api/v2/stats/sign-ins*', (route) => route.abort());
  await signIn(page, ADMIN, '/overview');
  await decline(page);
  const alert = page.getByRole('alert').filter({ hasText: 'The server does not answer' });
  await expect(alert).toBeVisible();
  await page.unroute('**/api/v2/stats/sign-ins*');
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('list', { name: 'By device' })).toBeVisible();
});

test('who may not see it is told what it needs, and nothing is asked for', async ({ page, request }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await signIn(page, await makeUser(request, `looks${Date.now()}`), '/overview');
  await expect(page.getByText('It needs the permission view-statistics.')).toBeVisible();
  await expect(page.getByText('It needs the permission view-device-management.')).toBeVisible();
  expect(asked.filter((url) => /stats|v2\/sessions/.test(url))).toEqual([]);
});
