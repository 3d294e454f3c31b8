// `cargo xtask web --measure`: what the sessions' table takes in a browser at a million rows, beside a budget for each
// figure. Nothing is asserted: a busy machine shows in the figures, and is told by who reads them.

import { ADMIN, asProgram, expect, signIn, test } from './fixtures';
import type { APIRequestContext, Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MINUTES = Number(process.env.ROLLCALL_MINUTES ?? 10);
/** Of each a second: as many come as go. */
const SIGN_INS_PER_S = 100;
/** Pixels that are scrolled in each frame, as a hand on a wheel does, and one that looks for something far away. */
const SPEEDS = [60, 300, 3_000];
const SECONDS_OF_SCROLLING = 10;
/** Typed letter by letter: each finds others than the one before. */
const TEXTS = ['zoe', 'chrome', 'os:windows', '-type:mobile'];

const figures: string[][] = [['figure', 'budget', 'measured']];

test('the table at a million rows', async ({ page, request }) => {
  test.setTimeout((MINUTES + 10) * 60_000);
  await signIn(page, ADMIN, '/sessions');
  await firstRows(page);
  await keystrokes(page);
  const changes = await Changes.begin(request);
  for (const speed of SPEEDS) await scroll(page, speed);
  await live(page);
  await changes.end();
  console.log(
    `\n${await page.locator('.total').innerText()}; ${changes.made} changes, failed by status: ${JSON.stringify(changes.failed)}\n`,
  );
  for (const row of figures) console.log(`| ${row.join(' | ')} |`);
});

function tell(figure: string, budget: string, measured: string): void {
  figures.push([figure, budget, measured]);
}

/** From the proof, and from the address, until rows are seen. */
async function firstRows(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Second factor' });
  await dialog.getByLabel('Your password').fill(ADMIN.password);
  const proved = await dialog
    .getByRole('button', { name: 'Confirm' })
    .evaluate(async (confirm: HTMLElement) => {
      const began = performance.now();
      confirm.click();
      while (!document.querySelector('.line a')) await new Promise(requestAnimationFrame);
      return performance.now() - began;
    });
  tell('first rows after the second factor, its check among it', '1,000 ms', ms(proved));
  const loads: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    await page.goto('/sessions');
    loads.push(
      await page.evaluate(async () => {
        while (!document.querySelector('.line a')) await new Promise(requestAnimationFrame);
        return performance.now();
      }),
    );
  }
  tell('first rows after the address is opened, median of 5', '500 ms', ms(at(loads, 0.5)));
}

/** From a letter typed until the rows that it finds are seen. */
async function keystrokes(page: Page): Promise<void> {
  const box = page.getByRole('combobox', { name: 'Search sessions' });
  const took: number[] = [];
  for (const text of TEXTS) {
    await box.fill('');
    await expect(page.locator('.total')).not.toContainText('match');
    await box.focus();
    for (const letter of text) {
      await page.evaluate(() => {
        const before = document.querySelector('.total')?.textContent;
        const isSettled = () =>
          document.querySelector('[role=grid]')?.getAttribute('aria-busy') !== 'true' &&
          document.querySelector('.total')?.textContent !== before;
        const deadline = performance.now() + 2_000;
        const began = new Promise<number>((resolve) =>
          document.addEventListener('input', () => resolve(performance.now()), { once: true, capture: true }),
        );
        const wait = async () => {
          const since = await began;
          while (!isSettled() && performance.now() < deadline) await new Promise(requestAnimationFrame);
          return isSettled() ? performance.now() - since : undefined;
        };
        (window as unknown as { took: Promise<number | undefined> }).took = wait();
      });
      await page.keyboard.type(letter);
      const one = await page.evaluate(
        () => (window as unknown as { took: Promise<number | undefined> }).took,
      );
      // A letter that finds as many as the one before, or none yet (`os:`), changes nothing that could be waited for.
      if (one !== undefined) took.push(one);
    }
  }
  tell(
    `a keystroke until its rows are seen, half and 99 % of ${took.length}`,
    '100, 250 ms',
    `${ms(at(took, 0.5))}, ${ms(at(took, 0.99))}`,
  );
  await box.fill('');
}

/** Frames while the table is scrolled and changes. */
async function scroll(page: Page, speed: number): Promise<void> {
  const frames = await page.locator('[role=grid]').evaluate(
    async (table, [speed, seconds]) => {
      const frames: number[] = [];
      let [last, way] = [await new Promise(requestAnimationFrame), 1];
      const until = last + seconds * 1_000;
      while (last < until) {
        if (table.scrollTop + table.clientHeight >= table.scrollHeight - speed) way = -1;
        if (table.scrollTop <= 0) way = 1;
        table.scrollTop += way * speed;
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
      }
      return frames;
    },
    [speed, SECONDS_OF_SCROLLING] as const,
  );
  const late = frames.filter((frame) => frame > 25).length / frames.length;
  tell(
    `frames while ${speed} px a frame are scrolled: half, 99 %, longest; dropped`,
    '16.7, 33 ms',
    `${ms(at(frames, 0.5))}, ${ms(at(frames, 0.99))}, ${ms(at(frames, 1))}; ${(late * 100).toFixed(1)} %`,
  );
}

/** The page's memory while it stays open and is told of all that happens. */
async function live(page: Page): Promise<void> {
  const browser = await page.context().newCDPSession(page);
  const used = async () => {
    await browser.send('HeapProfiler.collectGarbage');
    const { usedSize } = await browser.send('Runtime.getHeapUsage');
    return usedSize / 2 ** 20;
  };
  await page.locator('[role=grid]').evaluate((table) => (table.scrollTop = 0));
  const before = await used();
  const each: number[] = [];
  for (let i = 0; i < MINUTES; i += 1) {
    await page.waitForTimeout(60_000);
    each.push(await used());
  }
  const after = each.at(-1) ?? before;
  tell(
    `memory of the page's objects after ${MINUTES} minutes live, beside before`,
    'no growth',
    `${after.toFixed(1)} MiB, ${before.toFixed(1)} (${each.map((one) => one.toFixed(1)).join(', ')})`,
  );
}

/** People who sign in and out all the time. */
class Changes {
  made = 0;
  /** By status; 0 where nothing came. */
  failed: Record<number, number> = {};
  #tokens: { 'X-Auth-Token': string; 'X-User-Id': string }[] = [];
  #under: Promise<void>[] = [];
  #timer: ReturnType<typeof setInterval>;

  private constructor(usernames: string[], password: string) {
    let next = 0;
    this.#timer = setInterval(() => {
      const user = usernames[next++ % usernames.length] ?? '';
      this.#under.push(this.#signIn(user, password));
      const oldest = this.#tokens.length > SIGN_INS_PER_S ? this.#tokens.shift() : undefined;
      if (oldest) this.#under.push(this.#ask('logout', {}, oldest).then(() => undefined));
      if (this.#under.length > 1_000) this.#under.splice(0, 500);
    }, 1_000 / SIGN_INS_PER_S);
  }

  static async begin(request: APIRequestContext): Promise<Changes> {
    const { id, headers } = await asProgram(request, ADMIN);
    const token = headers.Authorization.slice(7);
    const listed = await request.get('/api/v1/users.list?count=100', {
      headers: { 'X-Auth-Token': token, 'X-User-Id': id },
    });
    const { users } = (await listed.json()) as { users: { username: string }[] };
    const names = users.map(({ username }) => username).filter((name) => name !== ADMIN.user);
    const file = join(dirname(process.env.ROLLCALL_OUTBOX ?? ''), 'demo-password');
    return new Changes(names, readFileSync(file, 'utf8').trim());
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.allSettled(this.#under);
  }

  async #signIn(user: string, password: string): Promise<void> {
    const answer = await this.#ask('login', { user, password });
    if (!answer?.ok) return;
    const { data } = (await answer.json()) as { data: { userId: string; authToken: string } };
    this.#tokens.push({ 'X-Auth-Token': data.authToken, 'X-User-Id': data.userId });
  }

  #note(isMade: boolean, status: number): void {
    if (isMade) this.made += 1;
    else this.failed[status] = (this.failed[status] ?? 0) + 1;
  }

  async #ask(path: string, body: object, headers = {}): Promise<Response | undefined> {
    const url = `${process.env.ROLLCALL_URL ?? ''}/api/v1/${path}`;
    const all = { 'Content-Type': 'application/json', ...headers };
    try {
      const answer = await fetch(url, { method: 'POST', headers: all, body: JSON.stringify(body) });
      this.#note(answer.ok, answer.status);
      return answer;
    } catch {
      this.#note(false, 0);
      return undefined;
    }
  }
}

/** A place in the order of sizes, from 0 for the least to 1 for the greatest. */
function at(values: number[], place: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(place * sorted.length))] ?? NaN;
}

function ms(time: number): string {
  return `${time.toFixed(time < 100 ? 1 : 0)} ms`;
}
