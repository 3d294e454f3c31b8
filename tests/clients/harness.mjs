// Runs checks one after the other and prints what came of them, one TAP-like line each.

let passed = 0;
let failed = 0;

/** Thrown when a check fails without which the ones after it would mean nothing. */
export class Stop extends Error {}

/** Runs `body` and prints `ok N - name` or `not ok N - name`; true if it passed. */
export async function check(name, body) {
  const number = passed + failed + 1;
  try {
    await body();
  } catch (problem) {
    failed += 1;
    console.log(`not ok ${number} - ${name}`);
    note(await inWords(problem));
    return false;
  }
  passed += 1;
  console.log(`ok ${number} - ${name}`);
  return true;
}

/** A check that ends the run when it fails. */
export async function essential(name, body) {
  if (!(await check(name, body))) throw new Stop(name);
}

/** Prints lines that are not results. */
export function note(text) {
  for (const line of text.split('\n').slice(0, 20)) console.log(`#   ${line}`);
}

/** Prints the last line and sets the exit status: 0 only if there were checks and all of them passed. */
export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

async function inWords(problem) {
  // api-client rejects with the Response itself.
  if (problem instanceof Response) {
    const body = problem.bodyUsed ? '(body already read)' : await problem.text();
    return `refused with HTTP ${problem.status}: ${body.slice(0, 300)}`;
  }
  if (!(problem instanceof Error)) return String(problem);
  // fetch says only "fetch failed" and keeps the reason in its cause.
  return problem.cause ? `${problem.message}: ${problem.cause.message ?? problem.cause}` : problem.message;
}
