// Puts a compressed copy beside each file of the build, so that the server never compresses one, and says what the first
// load weighs. It fails when that is more than it may be.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const DIST = new URL('../dist/', import.meta.url).pathname;
const MOST_KB = 150;
const COMPRESSES = /\.(html|js|css|svg|json)$/;

const files = readdirSync(DIST, { recursive: true })
  .map((name) => join(DIST, String(name)))
  .filter((path) => statSync(path).isFile() && COMPRESSES.test(path));
let first = 0;
const page = readFileSync(join(DIST, 'index.html'), 'utf8');
for (const path of files) {
  const bytes = readFileSync(path);
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  writeFileSync(`${path}.br`, brotli);
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  const name = relative(DIST, path);
  if (name === 'index.html' || page.includes(`/${name}`)) first += brotli.length;
  console.log(`${name}: ${bytes.length} bytes, ${brotli.length} compressed`);
}
const kb = first / 1000;
console.log(`first load: ${kb.toFixed(1)} kB compressed, of ${MOST_KB}`);
if (kb > MOST_KB) process.exit(1);
