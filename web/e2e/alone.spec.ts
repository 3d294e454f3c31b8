// A workspace on its first day: nobody but the administrator is signed in.

import { ADMIN, expect, expectAccessible, prove, signIn, startAlone, test } from './fixtures';

let alone: Awaited<ReturnType<typeof startAlone>>;
test.beforeEach(async () => {
  alone = await startAlone();
});
test.afterEach(() => alone.stop());

test('the only session is one’s own, and is counted as one', async ({ page }) => {
  await signIn(page, ADMIN, `${alone.url}/sessions`);
  await prove(page, ADMIN);
  await expect(page.locator('.total')).toHaveText('1 session');
  const rows = page.getByRole('grid', { name: 'Sessions' }).getByRole('rowgroup').getByRole('row');
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText('this session');
  await expect(page.getByRole('button', { name: 'Linux 1', exact: true })).toBeVisible();
  await expectAccessible(page);
});

test('the overview counts one, and no chart is broken by all that there is not', async ({ page }) => {
  await signIn(page, ADMIN, `${alone.url}/overview`);
  await prove(page, ADMIN);
  const content = page.locator('#content');
  await expect(content).toContainText('1 session live now');
  await expect(content).toContainText('1 sign-in in the last 30 days');
  await expect(content).toContainText('Over the last 30 days: 0 at the least, 1 at the most, 1 now.');
  await expect(content).toContainText('Chrome comes first, with 100 %.');
  await expect(content).toContainText('100 % belong to users without a second factor.');
  await expect(content).toContainText('100 % run the newest version.');
  await expect(content).not.toContainText(/NaN|Infinity|undefined/);
  const drawn = await content.locator('svg').evaluateAll((all) => all.map((one) => one.outerHTML).join());
  expect(drawn).toMatch(/<rect/);
  expect(drawn).not.toMatch(/NaN|Infinity|undefined|="-\d+"/);
  await expectAccessible(page);
});
