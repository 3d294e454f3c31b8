import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// A server to develop against: `cargo xtask run` prints its address.
const server = process.env.ROLLCALL_URL ?? 'http://127.0.0.1:3000';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // The content security policy lets nothing in that stands in the page itself.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  server: { proxy: { '/api': { target: server } } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
