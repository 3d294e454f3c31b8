// `cargo xtask web --screenshots`: the README's pictures, of the demo's workspace.

import { ADMIN, expect, prove, signIn, test } from './fixtures';
import type { Page } from '@playwright/test';

const FOLDER = '../docs/pictures';
/** An instant within what the demo invents. */
const THEN = new Date(Date.now() - 9 * 86_400_000).toISOString();

interface Picture {
  name: string;
  path: string;
  scheme: 'light' | 'dark';
  /** What has to be there before it is taken. */
  ready: (page: Page) => Promise<void>;
}

const PICTURES: Picture[] = [
  {
    name: 'sessions',
    path: '/sessions?q=os:windows',
    scheme: 'light',
    ready: (page) => expect(page.getByRole('row').nth(5)).toContainText('Windows'),
  },
  {
    name: 'overview',
    path: '/overview',
    scheme: 'dark',
    ready: (page) => expect(page.getByRole('img').first()).toBeVisible(),
  },
  {
    name: 'past',
    path: `/past?at=${THEN}`,
    scheme: 'light',
    ready: (page) => expect(page.getByRole('row').nth(3)).toBeVisible(),
  },
];

test.use({ viewport: { width: 1280, height: 800 } });

test('the pictures are taken', async ({ page }) => {
  test.setTimeout(180_000);
  await signIn(page, ADMIN, '/sessions');
  await prove(page, ADMIN);
  for (const { name, path, scheme, ready } of PICTURES) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.goto(path);
    await ready(page);
    await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined);
    await page.screenshot({ path: `${FOLDER}/${name}.png` });
  }
});
