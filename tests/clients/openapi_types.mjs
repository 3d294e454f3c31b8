// Generates TypeScript from the OpenAPI document, and compiles a client of it with calls that are right and calls that
// are not. Needs no server: a test of the code says that the document that lies in docs is the one that is served.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { check, finish } from './harness.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(process.env.ANSWERS, 'openapi');
const document = join(here, '../../docs/reference/openapi.json');

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

await check('types are generated from the document', () => {
  run(join(here, 'node_modules/openapi-typescript/bin/cli.js'), [document, '--output', join(folder, 'api.ts')]);
});

await check('the client compiles, and every call that the document does not know is an error', () => {
  for (const name of ['client.ts', 'calls.ts']) copyFileSync(join(here, 'openapi', name), join(folder, name));
  const tsconfig = { extends: join(here, 'types/tsconfig.json'), compilerOptions: { skipLibCheck: false }, include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  run(join(here, 'node_modules/typescript/bin/tsc'), ['--pretty', 'false', '--project', folder]);
});

finish();

function run(program, args) {
  const { error, status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${stdout}\n${stderr}`);
}
