// Carrying out what a preview froze: begun once, and followed until it is finished, whatever happens to the connection.

import { call, Refused, type Code, type Schemas } from '../api/client';

export type Preview = Schemas['FrozenPreview'];
export type Receipt = Schemas['Receipt'];

/** How long a preview is good, by the API's word. Counted here, since this machine's clock may be another's. */
export const GOOD_FOR_MS = 15 * 60_000;
/** Of more, the count is typed. */
export const TYPED_ABOVE = 100;
/** Between two looks at how far it is. */
const LOOK_EVERY_MS = 500;

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** What is to be ended, and why. */
export interface Order {
  preview: string;
  digest: string;
  reason: string;
}

/** How the server is asked; tests give their own. */
export interface Asking {
  begin: (order: Order, code: Code | undefined) => Promise<Receipt>;
  look: (id: string) => Promise<Receipt>;
  every: number;
}

const asking: Asking = {
  begin: (order, code) => call('post', '/api/v2/revocations', { body: { ...order } }, { code }),
  look: (id) => call('get', '/api/v2/revocations/{id}', { path: { id } }),
  every: LOOK_EVERY_MS,
};

/** What has begun: how far it was then, and the answer that is still awaited. */
export interface Begun {
  receipt: Receipt;
  answer: Promise<Receipt>;
}

/**
 * Begins it. Returns as soon as it is known to run, so that the question for a code need not stay until the end.
 */
export async function begin(order: Order, code?: Code, { begin, look, every } = asking): Promise<Begun> {
  let answered = false;
  const answer = begin(order, code).finally(() => (answered = true));
  // Who follows it hears of a failure.
  answer.catch(() => undefined);
  const running = async (): Promise<Receipt> => {
    for (;;) {
      await pause(every);
      if (answered) return answer;
      // A look that fails says nothing of the act: its own session may be among those that ended.
      const seen = await look(order.preview).catch(() => undefined);
      if (seen && seen.state !== 'previewed') return seen;
      if (!seen) return answer;
    }
  };
  return { receipt: await Promise.race([answer, running()]), answer };
}

/** Follows it until it is finished. `tell` hears how far it is, and whether the server answers. */
export async function follow(
  { receipt, answer }: Begun,
  tell: (receipt: Receipt, reached: boolean) => void,
  signal: AbortSignal,
  { look, every } = asking,
): Promise<Receipt> {
  let last = receipt;
  // The first answer has the receipt even when the session that asked was ended by it.
  let answered: Receipt | undefined;
  answer.then((receipt) => (answered = receipt)).catch(() => undefined);
  while (last.state !== 'finished') {
    await pause(every);
    signal.throwIfAborted();
    if (answered?.state === 'finished') return answered;
    try {
      last = await look(last.id);
      tell(last, true);
    } catch (error) {
      if (error instanceof Refused && error.is('not-signed-in')) {
        last = await answer;
        // It goes on, but this reader is told no more.
        if (last.state !== 'finished') throw error;
      } else if (error instanceof Refused && !error.is('too-many-requests', 'unavailable')) throw error;
      else tell(last, false);
    }
  }
  return last;
}

/** Whether what was typed is that number, with its thousands apart or not. */
export function isCount(typed: string, count: number): boolean {
  return typed.replace(/[\s.,'’]/g, '') === String(count);
}
