// What a server without a mail server has mailed: its own command prints it, where it runs on this machine.

import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

const { SERVER_BINARY, SERVER_DATA } = process.env;
const PAUSE_MS = 50;
const PAUSES_MAX = 200;

/** Whether this run can read mails. */
export const hasOutbox = Boolean(SERVER_BINARY && SERVER_DATA);

const read = new Set();

/** The code in a mail to the address that was not read before: the newest, waited for. */
export async function mailedCode(address) {
  for (let pauses = 0; pauses < PAUSES_MAX; pauses += 1) {
    const fresh = mails().filter(({ no, to }) => to === address && !read.has(no));
    for (const { no } of fresh) read.add(no);
    if (fresh.length > 0) return /\b\d{3}-?\d{3}\b/.exec(fresh.at(-1).text)[0];
    await pause(PAUSE_MS);
  }
  throw new Error(`no mail to ${address} within ${(PAUSE_MS * PAUSES_MAX) / 1000} s`);
}

function mails() {
  return JSON.parse(execFileSync(SERVER_BINARY, ['outbox', '--data-dir', SERVER_DATA, '--json'], { encoding: 'utf8' })).mails;
}
