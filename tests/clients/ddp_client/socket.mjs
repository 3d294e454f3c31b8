// Sockets by the published client: from a device, with every frame kept.

import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { DDPSDK } from '@rocket.chat/ddp-client';
import WebSocket from 'ws';
import { BASE_URL } from '../wire.mjs';

/** How long the server may take for what it does at once. */
const PATIENCE_MS = 5_000;

/** Every frame that the server sent to any socket: `{ text, binary }`. */
export const frames = [];

/** What clients were refused without their caller's knowing: they drop the promise of a resume of their own. */
const dropped = [];
process.on('unhandledRejection', (problem) => dropped.push(problem));

const open = [];
let device;

// The client makes its sockets of the global class, when it connects for the first time and again.
globalThis.WebSocket = class extends WebSocket {
  constructor(url) {
    super(url, { headers: { 'User-Agent': device.userAgent } });
    this.on('message', (data, binary) => frames.push({ text: data.toString(), binary }));
  }
};

/** A client whose socket is open, from a device. */
export async function connect(from) {
  device = from;
  const sdk = DDPSDK.create(BASE_URL, { retryCount: 1, retryTime: 100 });
  open.push(sdk);
  await soon(sdk.connection.connect(), 'connected');
  return sdk;
}

/** Closes every socket. The client's own clocks run on, and would keep this process for a minute. */
export async function hangUp() {
  for (const { connection, timeoutControl } of open) {
    const closed = connection.ws.readyState === WebSocket.CLOSED || once(connection.ws, 'close');
    connection.close();
    await closed;
    timeoutControl.stop();
  }
}

/** The promise's value, or an error when it takes too long. */
export async function soon(promise, what) {
  const patience = new AbortController();
  const late = pause(PATIENCE_MS, undefined, { signal: patience.signal, ref: false }).then(
    () => Promise.reject(new Error(`no ${what} within ${PATIENCE_MS} ms`)),
    () => undefined,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    patience.abort();
  }
}

/** What an emitter of the client says next under this name. */
export const next = (emitter, name) => soon(new Promise((resolve) => emitter.once(name, resolve)), name);

/** The error object that a call must be refused with. */
export async function refusedWith(promise) {
  const answer = await soon(promise, 'answer').then(
    (value) => ({ value }),
    (problem) => ({ problem }),
  );
  if ('problem' in answer && !(answer.problem instanceof Error)) return answer.problem;
  throw answer.problem ?? new Error(`should have been refused, but answered ${JSON.stringify(answer.value)}`);
}

/** The first of what was dropped, as soon as there are so many. */
export async function droppedRefusals(count) {
  while (dropped.length < count) await soon(once(process, 'unhandledRejection'), 'refusal of a resume');
  return dropped.splice(0, count);
}

/** How a socket ends, from now on: `[code, reason]`. */
export const end = ({ connection }) =>
  soon(new Promise((resolve) => connection.ws.once('close', (code, reason) => resolve([code, reason.toString()]))), 'close');

/** What the session behind a socket is for REST: see `call` in wire.mjs. */
export const sessionOf = ({ account }, { userAgent }) => ({ userId: account.uid, authToken: account.user.token, userAgent });

/** A ping, answered. */
export async function pings({ client }, id) {
  const pong = next(client.ddp, 'pong');
  client.ddp.ping(id);
  return pong;
}
