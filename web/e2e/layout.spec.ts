// Nothing moves under a reader while a page comes.

import { ADMIN, expect, prove, signIn, test } from './fixtures';

const PAGES = ['sessions', 'overview', 'past', 'people', 'audit', 'service-tokens', 'devices', 'account'];
/** What is moved, as browsers measure it; up to 0.1 is called good. */
const MOST = 0.05;

for (const width of [320, 1440]) {
  test(`pages come without a shift at ${width} pixels`, async ({ page }) => {
    test.slow();
    await page.setViewportSize({ width, height: 900 });
    await page.addInitScript(() => {
      const shifts: { by: number; what: string }[] = [];
      Object.assign(window, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const { value, sources } = entry as PerformanceEntry & {
            value: number;
            sources: { node: Node | null }[];
          };
          const what = sources.map(({ node }) => `${node?.nodeName}: ${node?.textContent?.slice(0, 30)}`);
          shifts.push({ by: value, what: what.join(', ') });
        }
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await signIn(page, ADMIN, '/sessions');
    await prove(page, ADMIN);
    for (const path of PAGES) {
      await page.goto(`/${path}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await page.waitForTimeout(1500);
      const shifts = await page.evaluate(
        () => (window as unknown as { shifts: { by: number; what: string }[] }).shifts,
      );
      const total = shifts.reduce((sum, { by }) => sum + by, 0);
      expect(total, `${path}: ${JSON.stringify(shifts)}`).toBeLessThan(MOST);
    }
  });
}
