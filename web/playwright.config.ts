import { defineConfig } from '@playwright/test';
import { execFileSync } from 'node:child_process';

/** Debian's, or whatever of its kind is here. */
const chromium = execFileSync('which', [process.env.CHROMIUM ?? 'chromium'], { encoding: 'utf8' }).trim();

// The binary itself, with the demo's workspace: `cargo xtask web --test` starts it and says where it is.
export default defineConfig({
  testDir: 'e2e',
  projects: [
    { name: 'tests', testMatch: '*.spec.ts' },
    { name: 'pictures', testMatch: 'pictures.ts' },
    // Without what is written down beside: that takes a core of its own.
    { name: 'measure', testMatch: 'measure.ts', use: { trace: 'off', screenshot: 'off' } },
  ],
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  // On a machine that does other work a browser now and then misses a moment; what failed once is told as flaky.
  retries: process.env.CI ? 1 : 0,
  reporter: [['list']],
  timeout: 180_000,
  expect: { timeout: 20_000 },
  use: {
    baseURL: process.env.ROLLCALL_URL ?? 'http://127.0.0.1:3000',
    launchOptions: {
      executablePath: chromium,
      // Debian's Chromium as root has no sandbox to be in.
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    },
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
  },
});
