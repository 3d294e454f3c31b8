// Everybody's sessions: seen, searched, sorted, followed live, looked at one by one, and ended.

import type { Page } from '@playwright/test';
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

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** The page with its first rows. */
async function openSessions(page: Page, at = '/sessions'): Promise<void> {
  await signIn(page, ADMIN, at);
  await prove(page, ADMIN);
  await expect(page.getByRole('grid', { name: 'Sessions' }).getByRole('row').nth(1)).toBeVisible();
}

const grid = (page: Page) => page.getByRole('grid', { name: 'Sessions' });
const search = (page: Page) => page.getByRole('combobox', { name: 'Search sessions' });
/** Rows of the table, without its header. */
const rows = (page: Page) => grid(page).getByRole('rowgroup').getByRole('row');
const selection = (page: Page) => page.getByRole('region', { name: 'Selection' });
const total = async (page: Page) => Number((await page.locator('.total').innerText()).replace(/\D/g, ''));

async function following(page: Page): Promise<void> {
  await expect(page.locator('#content').getByText('Live', { exact: true })).toBeVisible();
}

test('the table says how many there are, marks one’s own, and is accessible with all that it opens', async ({
  page,
}) => {
  test.slow();
  await openSessions(page);
  const own = rows(page).filter({ hasText: 'this session' });
  await expect(own).toHaveCount(1);
  await expect(own).toContainText(ADMIN.user);
  expect(await total(page)).toBeGreaterThan(1000);
  expect(Number(await grid(page).getAttribute('aria-rowcount'))).toBe((await total(page)) + 1);
  await own.getByRole('checkbox').check();
  await expectAccessibleEverywhere(page);
  await own.getByRole('link').click();
  await expect(page.getByRole('heading', { name: `Session of ${ADMIN.user}` })).toBeFocused();
  await expectAccessible(page);
});

test('by keyboard alone: search, complete, select, look, come back', async ({ page }) => {
  await openSessions(page);
  await page.keyboard.press('/');
  await expect(search(page)).toBeFocused();
  await page.keyboard.type('dev');
  await expect(page.getByRole('option', { name: /^device: / })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(search(page)).toHaveValue('device:');
  await page.keyboard.type('fire');
  await expect(page.getByRole('option', { name: /^Firefox / })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await expect(search(page)).toHaveValue('device:Firefox ');
  await page.keyboard.press('Enter');
  await expect(page.locator('.total')).toHaveText(/\d sessions match/);
  await expect(rows(page).first()).toContainText('Firefox');
  await expect(page).toHaveURL(/q=device/);

  // Out of the box first: letters belong to it while it has the focus.
  await grid(page).focus();
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+J');
  await expect(selection(page)).toContainText('3 selected');
  await page.keyboard.press('k');
  await page.keyboard.press('x');
  await expect(selection(page)).toContainText('2 selected');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: /^Session of / })).toBeFocused();
  await expect(page).toHaveURL(/\/sessions\/\w{17}\?/);
  await page.keyboard.press('Escape');
  await expect(grid(page)).toBeFocused();
  await expect(page).toHaveURL(/\/sessions\?/);

  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keys' });
  await sheet.getByLabel('Single keys do something').press('Space');
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();
  await page.keyboard.press('/');
  await expect(search(page), 'single keys are off').not.toBeFocused();
});

test('what is wrong with a filter is said where it is, and mended by a click', async ({ page }) => {
  await openSessions(page);
  const before = await total(page);
  await search(page).fill('os:windows divice:x');
  await expect(page.getByText(/column 12: there is no field/).first()).toBeVisible();
  await expect(search(page)).toHaveAttribute('aria-invalid', 'true');
  await expect(search(page)).toHaveAccessibleDescription(/did you mean `device`/);
  expect(await total(page), 'what was found stays').toBe(before);
  await page.getByRole('button', { name: 'Write device' }).click();
  await expect(search(page)).toHaveValue('os:windows device:x');
  await expect(page.getByRole('heading', { name: 'No session matches' })).toBeVisible();
  await page.getByRole('button', { name: 'Clear the filter' }).click();
  await expect(search(page)).toHaveValue('');
  await expect(rows(page).first()).toBeVisible();
  await search(page).fill('(zoe');
  await expect(page.getByText('column 1: expected `)`').first()).toBeVisible();
  await expectAccessible(page);
});

test('what one can narrow by is counted exactly, and adds a term that can be removed', async ({ page }) => {
  await openSessions(page);
  const facets = page.getByRole('complementary', { name: 'Narrow down' });
  const windows = facets.getByRole('button', { name: /^Windows \d/ });
  const counted = Number((await windows.innerText()).replace(/\D/g, ''));
  await windows.click();
  await expect(search(page)).toHaveValue('os:Windows');
  await expect.poll(() => total(page)).toBe(counted);
  await facets.getByRole('button', { name: /^Edge \d/ }).click();
  await expect(search(page)).toHaveValue('os:Windows device:Edge');
  await page.getByRole('button', { name: 'Remove os:Windows' }).click();
  await expect(search(page)).toHaveValue('device:Edge');
  await page.goBack();
  await expect(search(page)).toHaveValue('os:Windows device:Edge');
  await facets.getByRole('button', { name: /Edge \d/, pressed: true }).click();
  await expect(search(page)).toHaveValue('os:Windows');
});

test('headers sort, columns are chosen and resized, and the address shows the same to others', async ({
  page,
}) => {
  await openSessions(page);
  const header = (name: string) => grid(page).getByRole('columnheader', { name });
  await expect(header('Signed in')).toHaveAttribute('aria-sort', 'descending');
  await header('User').getByRole('button').click();
  await expect(header('User')).toHaveAttribute('aria-sort', 'ascending');
  await expect(page).toHaveURL(/sort=user/);
  const names = async () =>
    (await rows(page).getByRole('link').allInnerTexts()).slice(0, 15).map((name) => name.toLowerCase());
  await expect.poll(async () => (await names()).join()).toBe((await names()).sort().join());
  await header('User').getByRole('button').click();
  await expect(header('User')).toHaveAttribute('aria-sort', 'descending');

  await page.getByRole('button', { name: 'Columns' }).click();
  const dialog = page.getByRole('dialog', { name: 'Shown columns' });
  await dialog.getByLabel('Second factor', { exact: true }).check();
  await dialog.getByLabel('Host', { exact: true }).uncheck();
  await dialog.getByLabel('Width of User in pixels').fill('300');
  await dialog.getByLabel('Width of User in pixels').press('Enter');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await expect(header('Second factor')).toBeVisible();
  await expect(header('Host')).toHaveCount(0);
  const wide = (await header('User').boundingBox())?.width;
  expect(wide).toBe(300);
  await header('User').getByRole('button').press('Shift+ArrowLeft');
  await expect.poll(async () => (await header('User').boundingBox())?.width).toBe(284);

  await rows(page).nth(3).getByRole('link').click();
  const heading = await page.getByRole('heading', { name: /^Session of / }).innerText();
  await page.reload();
  await expect(page.getByRole('heading', { name: heading })).toBeVisible();
  await expect(header('User')).toHaveAttribute('aria-sort', 'descending');
  await expect(header('Host')).toHaveCount(0);
});

test('who signs in waits behind a button, who leaves is told with the reason, and nobody moves', async ({
  page,
  request,
}) => {
  const who = await makeUser(request, `live${Date.now()}`);
  await openSessions(page);
  await following(page);
  const before = await total(page);
  const first = await rows(page).first().innerText();
  const phone = await asProgram(request, who, FIREFOX);
  const pill = page.getByRole('button', { name: 'Show 1 new session' });
  await expect(pill).toBeVisible();
  await expect.poll(() => total(page)).toBe(before + 1);
  expect(await rows(page).first().innerText(), 'nothing moved').toBe(first);
  await pill.click();
  const row = rows(page).filter({ hasText: who.user });
  await expect(row).toBeVisible();
  await expect(pill).toBeHidden();
  await following(page);
  await request.delete('/api/v2/session', { headers: phone.headers });
  await expect(row).toContainText('Ended: signed out');
  await expect(row).toBeHidden();
  await expect.poll(() => total(page)).toBe(before);
});

test('a pause holds everything, and going on tells what was missed', async ({ page, request }) => {
  const who = await makeUser(request, `pause${Date.now()}`);
  await openSessions(page);
  await following(page);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.locator('#content').getByText('Paused', { exact: true })).toBeVisible();
  await asProgram(request, who, FIREFOX);
  await page.waitForTimeout(500);
  await expect(page.getByRole('button', { name: /^Show \d+ new/ })).toHaveCount(0);
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByRole('button', { name: 'Show 1 new session' })).toBeVisible();
});

test('a session is looked at and ended, and says so', async ({ page, request }) => {
  const who = await makeUser(request, `ends${Date.now()}`);
  await asProgram(request, who, FIREFOX);
  await openSessions(page, `/sessions?q=user:${who.user}`);
  expect(await total(page)).toBe(1);
  await rows(page).getByRole('link').click();
  const details = page.getByRole('complementary', { name: 'Details of a session' });
  await expect(details.getByRole('link', { name: who.user }).first()).toHaveAttribute(
    'href',
    /^\/people\/\w+$/,
  );
  await expect(details.getByText('Firefox 140.0')).toBeVisible();
  await expect(details.getByText('Signed in', { exact: true }).last()).toBeVisible();
  await details.getByRole('button', { name: 'End this session' }).click();
  await expect(details.getByText(`${who.user} is signed out on Firefox on Linux at once`)).toBeVisible();
  await expect(details.getByRole('button', { name: 'No' })).toBeFocused();
  await details.getByRole('button', { name: 'Yes, end it' }).click();
  await expect(details.getByText(/^Ended just now: ended by an administrator/)).toBeVisible();
  await expect(details.getByRole('button', { name: 'End this session' })).toBeHidden();
  await expect(page.getByRole('heading', { name: 'No session matches' })).toBeVisible();
  await expectAccessible(page);
});

test('some are selected, or all that match, and are handed to be ended', async ({ page }) => {
  await openSessions(page, '/sessions?q=device:Edge');
  const all = await total(page);
  await page.getByLabel('Select the rows in sight').check();
  const bar = selection(page);
  await expect(bar.getByText(/^\d+ selected$/)).toBeVisible();
  await bar.getByRole('button', { name: `Select all ${all} that match` }).click();
  await expect(bar.getByText(`All ${all} that match are selected`)).toBeVisible();
  await bar.getByRole('button', { name: 'End…' }).click();
  await expect(page.getByRole('dialog')).toContainText(String(all));
  await page.keyboard.press('Escape');
  await bar.getByRole('button', { name: 'Clear selection' }).click();
  await expect(bar).toBeHidden();
});

test('of the past there is a banner, nothing live, and nothing to end', async ({ page }) => {
  const at = new Date(Date.now() - 5 * 86_400_000).toISOString();
  await openSessions(page, `/sessions?as_of=${at}&sort=seen`);
  await expect(page.getByText(/^This is who was signed in at /)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Pause' })).toHaveCount(0);
  await expect(rows(page).getByRole('checkbox')).toHaveCount(0);
  await expect(grid(page).getByRole('columnheader', { name: 'Last seen' })).toHaveCount(0);
  await search(page).fill('seen<1d');
  await expect(search(page)).toHaveAttribute('aria-invalid', 'true');
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Show who is signed in now' }).click();
  await following(page);
});

test('a server that is gone is said, what was typed and shown stays, and it goes on by itself', async ({
  page,
  context,
}) => {
  await openSessions(page);
  await following(page);
  const shown = await rows(page).first().innerText();
  await context.setOffline(true);
  await search(page).fill('os:windows');
  await expect(page.getByRole('alert')).toContainText('does not answer');
  await expect(search(page)).toHaveValue('os:windows');
  expect(await rows(page).first().innerText()).toBe(shown);
  await context.setOffline(false);
  await expect(page.locator('.total')).toHaveText(/\d sessions match/);
  await expect(rows(page).first()).toContainText('Windows');
});

test('a server that stops says so, nothing typed is lost, and it is live again when it is back', async ({
  page,
}) => {
  let server: 'stops' | 'gone' | 'back' = 'stops';
  await page.route(/\/api\/v2\/sessions(\/stream)?(\?|$)/, async (route) => {
    const isStream = route.request().url().includes('/stream');
    if (isStream && server === 'stops') {
      server = 'gone';
      const body = 'event: ready\ndata: {"total":1}\n\nevent: closed\ndata: {"reason":"stopping"}\n\n';
      await route.fulfill({ contentType: 'text/event-stream', body });
    } else if (server === 'gone') await route.abort('connectionrefused');
    else await route.continue();
  });
  await openSessions(page);
  await expect(page.locator('#content').getByText('Reconnecting…')).toBeVisible();
  await search(page).fill('os:windows');
  await expect(page.getByRole('alert')).toContainText('does not answer');
  expect(server).toBe('gone');
  server = 'back';
  await following(page);
  await expect(search(page)).toHaveValue('os:windows');
  await expect(page.getByRole('alert')).toBeHidden();
  await expect(page.locator('.total')).toHaveText(/\d sessions match/);
});

test('times are told by the server’s clock where the browser’s is off', async ({ page }) => {
  await page.clock.install({ time: Date.now() + 3 * 3_600_000 });
  await openSessions(page);
  await expect(
    rows(page).filter({ hasText: 'this session' }).getByRole('gridcell', { name: 'just now' }),
  ).toHaveCount(2);
});

test('whose session is ended elsewhere while they type signs in again, and goes on where they were', async ({
  page,
}) => {
  await openSessions(page, '/sessions?q=device:Edge');
  await following(page);
  await search(page).fill('device:Edge os:windows');
  await page.request.delete('/api/v2/session', { headers: { Origin: new URL(page.url()).origin } });
  await expect(page.getByText('Your session has ended.')).toBeVisible();
  await page.getByLabel('Username or e-mail').fill(ADMIN.user);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await prove(page, ADMIN);
  await expect(search(page)).toHaveValue('device:Edge os:windows');
  await expect(page.locator('.total')).toHaveText(/\d sessions match/);
  await following(page);
});

test('who may not see it is told which permission it takes', async ({ page, request }) => {
  const who = await makeUser(request, `nobody${Date.now()}`);
  await signIn(page, who, '/sessions');
  await expect(page.getByText('view-device-management')).toBeVisible();
});

test('a million rows scroll to their end, and by small steps from wherever one is', async ({ page }) => {
  await openSessions(page);
  await page.getByRole('button', { name: 'Pause' }).click();
  // The demo has a thousand; the server's answers are stretched to a million.
  await page.route(/\/api\/v2\/sessions\?/, async (route) => {
    const asked = new URL(route.request().url()).searchParams;
    const [offset, limit] = [Number(asked.get('offset')), Number(asked.get('limit'))];
    const items = Array.from({ length: Math.min(limit, 1_000_000 - offset) }, (_, i) => ({
      id: `row${offset + i}`,
      user_id: 'u',
      username: `user-${offset + i}`,
      name: '<b>\u202Ebold</b>\u0000',
      device_type: 'browser',
      device_name: 'x'.repeat(10_000),
      device_version: '1',
      os_name: '',
      os_version: '',
      host: '"><img src=x>',
      ip: '192.0.2.1',
      login_at: '2026-11-01T00:00:00.000Z',
      seen_at: '2026-11-01T00:00:00.000Z',
      expires_at: '2027-11-01T00:00:00.000Z',
      factor: 'none',
      current: false,
    }));
    await route.fulfill({ json: { items, total: 1_000_000, next: null } });
  });
  await grid(page).getByRole('columnheader', { name: 'User' }).getByRole('button').click();
  await expect.poll(() => total(page)).toBe(1_000_000);
  await expect(grid(page).getByText('user-0', { exact: true })).toBeVisible();
  await expect(rows(page).first()).toContainText('"><img src=x>');
  await grid(page).focus();
  await page.keyboard.press('End');
  await expect(grid(page).getByText('user-999999', { exact: true })).toBeInViewport();
  await expect(rows(page).filter({ hasText: 'user-999999' })).toHaveAttribute('aria-rowindex', '1000001');

  // The middle by the bar, then a row by the wheel.
  await grid(page).evaluate((box) => (box.scrollTop = box.scrollHeight / 2));
  const top = async () => {
    const box = await grid(page).boundingBox();
    const texts = await rows(page).evaluateAll(
      (all, y) =>
        all
          .filter((row) => row.getBoundingClientRect().top >= y)
          .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)[0]
          ?.getAttribute('aria-rowindex'),
      (box?.y ?? 0) + 36,
    );
    return Number(texts);
  };
  await expect.poll(top).toBeGreaterThan(490_000);
  await page.waitForTimeout(400);
  const middle = await top();
  await grid(page).hover();
  await page.mouse.wheel(0, 360);
  await expect.poll(top).toBe(middle + 10);
  await page.waitForTimeout(400);
  expect(await top(), 'the bar is put right, the rows stay').toBe(middle + 10);
  await expect(grid(page).getByText(`user-${middle + 9}`, { exact: true })).toBeVisible();
  await page.keyboard.press('Home');
  await expect(grid(page).getByText('user-0', { exact: true })).toBeInViewport();
});
