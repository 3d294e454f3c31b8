import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

export default ts.config(
  { ignores: ['dist', 'src/lib/api/schema.d.ts', 'test-results', 'playwright-report'] },
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
  },
  {
    rules: {
      // Pages are ours alone: links go through `src/lib/router.svelte.ts`.
      'svelte/no-navigation-without-resolve': 'off',
      // What comes from the server is text, whatever stands in it.
      'svelte/no-at-html-tags': 'error',
    },
  },
);
