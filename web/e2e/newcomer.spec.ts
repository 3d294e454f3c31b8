// What a newcomer is asked to do: who is signed in on an old Chrome from outside the office? End them all. By mouse, with
// nothing read elsewhere; every click and everything typed is counted.

import type { Locator, Page } from '@playwright/test';
import { ADMIN, asProgram, expect, makeUser, test } from './fixtures';

/** What the task takes; a click more to select what is not in sight, and a text where more than a hundred are to end. */
const TAKES = { clicks: 11, typed: 6 };
/** Known to whoever works there: the company network, and the lines of its offices. */
const OFFICE = ['10.0.0.0/8', '203.0.113.0/24'];

/** Does what a hand does, and counts it. */
class Hand {
  clicks = 0;
  typed = 0;
  constructor(readonly page: Page) {}

  async click(what: Locator): Promise<void> {
    this.clicks += 1;
    await what.click();
  }

  /** Types where the cursor is. */
  async type(text: string): Promise<void> {
    this.typed += 1;
    await this.page.keyboard.type(text);
  }
}

/** A Chrome that is old whatever the demo invents, from this machine, which is in no office. */
const OLD =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 Safari/537.36';

test.use({ viewport: { width: 1440, height: 900 } });

test('old Chromes outside the office are found and ended, from the sign-in on, by mouse', async ({
  page,
  request,
}) => {
  test.slow();
  await asProgram(request, await makeUser(request, `abroad${Date.now()}`), OLD);
  const hand = new Hand(page);
  await page.goto('/');

  // The cursor is where the first text goes, here and in every question after.
  await expect(page.getByLabel('Username or e-mail')).toBeFocused();
  await hand.type(ADMIN.user);
  await hand.click(page.getByLabel('Password'));
  await hand.type(ADMIN.password);
  await hand.click(page.getByRole('button', { name: 'Sign in' }));
  const proof = page.getByRole('dialog', { name: 'Second factor' });
  await expect(proof.getByLabel('Your password')).toBeFocused();
  await hand.type(ADMIN.password);
  await hand.click(proof.getByRole('button', { name: 'Confirm' }));

  // What is old, the overview knows.
  await hand.click(page.getByRole('link', { name: 'Overview' }));
  const versions = page.getByRole('list', { name: 'Chrome: By age of version' });
  await hand.click(versions.getByRole('link', { name: /and older/ }));
  const search = page.getByRole('combobox', { name: 'Search sessions' });
  await expect(search).toHaveValue(/^device:Chrome version<\d+$/);
  const found = page.locator('.total');
  await expect(found).toHaveText(/^\d+ sessions match$/);
  const everywhere = Number((await found.innerText()).replace(/\D/g, ''));

  // “Not from this network” is an example in the box; the network in it is typed over.
  await hand.click(search);
  await hand.click(page.getByRole('option', { name: '-ip:10.0.0.0/8 for example: not from this network' }));
  await expect(search).toHaveValue(/ -ip:10\.0\.0\.0\/8 $/);
  expect(await page.evaluate(() => String(getSelection()))).toBe(OFFICE[0]);
  await hand.type(`${OFFICE[0]} -ip:${OFFICE[1]}`);
  await expect
    .poll(async () => Number((await found.innerText()).replace(/\D/g, '')))
    .toBeLessThan(everywhere);
  await expect(page).toHaveURL(/ip%3A203/);
  const addresses = page
    .getByRole('grid', { name: 'Sessions' })
    .getByRole('gridcell')
    .filter({ hasText: /^(\d+\.){3}\d+$|:.*:/ });
  await expect(addresses.filter({ hasText: /^(10|203\.0\.113)\./ })).toHaveCount(0);
  await expect(addresses.first()).toBeVisible();

  await hand.click(page.getByLabel('Select the rows in sight'));
  const selection = page.getByRole('region', { name: 'Selection' });
  const all = selection.getByRole('button', { name: /^Select all \d+ that match$/ });
  let further = 0;
  if (await all.isVisible()) {
    further = 1;
    await hand.click(all);
  }
  await hand.click(selection.getByRole('button', { name: 'End…' }));
  const ending = page.getByRole('dialog', { name: 'End sessions' });
  await expect(ending.getByLabel('Reason')).toBeFocused();
  await expect(ending.getByText(/ would end$/)).toBeVisible();
  const counted = ending.getByLabel(/^Type \d+ to confirm$/);
  const isMany = await counted.isVisible();
  await hand.type('Their browser is too old to be used from elsewhere');
  if (isMany) {
    await hand.click(counted);
    await hand.type(
      /\d+/.exec((await ending.getByText(/^Type \d+ to confirm$/).innerText()) ?? '')?.[0] ?? '',
    );
  }
  await hand.click(ending.getByRole('button', { name: /^End \d+ sessions?$/ }));
  await expect(proof.getByLabel('Your password')).toBeFocused();
  await hand.type(ADMIN.password);
  await hand.click(proof.getByRole('button', { name: 'Confirm' }));
  const receipt = page.getByRole('dialog', { name: 'Receipt' });
  await expect(receipt).toContainText(/\d+ sessions? (is|are) ended/);

  console.log(`newcomer: ${hand.clicks} clicks, ${hand.typed} texts`);
  expect(hand.clicks).toBe(TAKES.clicks + further + Number(isMany));
  expect(hand.typed).toBe(TAKES.typed + Number(isMany));
  await receipt.getByRole('button', { name: 'Close' }).last().click();
  await expect(page.getByRole('heading', { name: 'No session matches' })).toBeVisible();
});
