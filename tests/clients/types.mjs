// Compiles what the server answered to the drivers against the published clients' own types.
//
// The drivers leave their answers in the folder ANSWERS. Each becomes a constant of the type that api-client gives it,
// in a file for each endpoint there, and the TypeScript compiler reads them all. README.md says how to run it.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { check, finish } from './harness.mjs';
import { departuresNotShown, endpointOf, fileOf, typed } from './types/typed.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const answersFolder = process.env.ANSWERS;

const declared = declaredEndpoints();
const heard = heardAnswers();
const said = compile(declared.map((endpoint) => [fileOf(endpoint), typed(endpoint, heard(endpoint))]));

await check('every endpoint has answered a driver with success', () => {
  const missing = declared.filter((endpoint) => !heard(endpoint).some(({ status }) => status === 200));
  nothing(missing);
});

for (const endpoint of declared) {
  const answers = heard(endpoint);
  await check(`${answers.length} answers of ${endpoint} are what the published types say`, () => {
    nothing(said.filter((line) => line.startsWith(fileOf(endpoint))));
  });
}

await check('every departure from the types is one that an answer shows', () => {
  nothing(declared.flatMap((endpoint) => departuresNotShown(endpoint, heard(endpoint))));
});

await check('the compiler has nothing else to say', () => {
  const files = declared.map(fileOf);
  nothing(said.filter((line) => !files.some((file) => line.startsWith(file))));
});

finish();

function nothing(wrong) {
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
}

/** Those of v1 that the server declares, as its reference prints them: `GET /v1/me`. The clients know no other version. */
function declaredEndpoints() {
  const page = readFileSync(join(here, '../../docs/reference/endpoints.md'), 'utf8');
  const headings = page.split('\n').filter((line) => line.startsWith('## '));
  const routes = headings.flatMap((line) => [...line.matchAll(/`(GET|POST|CALL) (?:\/api)?([^`]+)`/g)]);
  const theirs = routes.filter(([, , path]) => !path.startsWith('/v2/'));
  const endpoints = theirs.map(([, method, path]) => (method === 'CALL' ? 'POST /v1/method.call/:method' : `${method} ${path}`));
  return [...new Set(endpoints)];
}

/** By endpoint, every answer that the drivers were given, each different one once. */
function heardAnswers() {
  const kept = readdirSync(answersFolder).filter((name) => name.endsWith('.jsonl'));
  const lines = new Set(kept.flatMap((name) => readFileSync(join(answersFolder, name), 'utf8').trimEnd().split('\n')));
  const answers = [...lines].map((line) => JSON.parse(line));
  return (endpoint) => answers.filter((answer) => endpointOf(answer) === endpoint);
}

/** Writes the files, and gives what the compiler has to say about them, each with its explanation: nothing when all is well. */
function compile(files) {
  const folder = join(answersFolder, 'typed');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: join(here, 'types/tsconfig.json'), include: ['*.ts'] }));
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { error, status, stdout } = spawnSync(process.execPath, [compiler, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' });
  if (error) throw error;
  const said = stdout.split(/\n(?! )/).filter((line) => line !== '');
  return status === 0 || said.length > 0 ? said : [`the compiler ended with ${status}`];
}
