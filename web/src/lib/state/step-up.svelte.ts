// Asking once for a second factor, in place: the act that needs it waits, and is done when the code is good.

import { Refused, type Code, type Problem } from '../api/client';
import { session } from './me.svelte';

/** The reader would not give a code; the act is not done. */
export class Cancelled extends Error {}

/** What the dialog asks for. */
export interface Asked {
  /** What waits for it, in words. */
  act: string;
  problem: Problem;
  /** Whether the last code was refused. */
  wrong: boolean;
  answer: (code: Code) => void;
  cancel: () => void;
}

let asked = $state.raw<Asked | undefined>(undefined);
/** One question at a time: acts that meet one wait for its answer. */
let queue: Promise<unknown> = Promise.resolve();
/** How often the reader would give no code: whoever waited meanwhile is not asked for again. */
let refusals = 0;
/** A code whose act was given up before it was answered: the next that asks takes it. */
let unused: Code | undefined;
/** How long such a code is of use, in milliseconds. */
const KEPT = 5_000;

export const stepUp = {
  get asked(): Asked | undefined {
    return asked;
  },
};

/**
 * Does `act`; when a second factor is asked for, asks for it and does it again with the code. `what` says in words what
 * waits. Throws `Cancelled` when no code is given.
 */
export async function proven<T>(what: string, act: (code?: Code) => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!isAsking(error)) throw told(error);
    const before = refusals;
    const turn = queue.then(() => {
      if (refusals > before) throw new Cancelled();
      return ask(what, act, error.problem);
    });
    queue = turn.catch(() => undefined);
    return turn;
  }
}

async function ask<T>(what: string, act: (code?: Code) => Promise<T>, first: Problem): Promise<T> {
  let problem = first;
  // While this waited for its turn another may have been answered.
  try {
    return await act();
  } catch (error) {
    if (!isAsking(error)) throw told(error);
    problem = error.problem;
  }
  try {
    for (let wrong = false; ;) {
      const code: Code = unused ?? (await given(what, problem, wrong));
      unused = undefined;
      // Without one another method is asked for.
      wrong = code.code !== '';
      try {
        const done = await act(code);
        void session.refresh();
        return done;
      } catch (error) {
        if (error instanceof DOMException && error.name === 'AbortError') keep(code);
        if (
          !(error instanceof Refused) ||
          !error.is('step-up-invalid', 'step-up-required', 'step-up-blocked')
        ) {
          throw told(error);
        }
        problem = error.problem;
      }
    }
  } finally {
    asked = undefined;
  }
}

/** Waits until the reader gives a code. */
function given(act: string, problem: Problem, wrong: boolean): Promise<Code> {
  return new Promise<Code>((answer, refuse) => {
    const cancel = () => {
      refusals += 1;
      refuse(new Cancelled());
    };
    asked = { act, problem, wrong, answer, cancel };
  });
}

function keep(code: Code): void {
  unused = code;
  setTimeout(() => {
    if (unused === code) unused = undefined;
  }, KEPT);
}

function isAsking(error: unknown): error is Refused {
  return error instanceof Refused && error.is('step-up-required', 'step-up-blocked');
}

/** Notes that a session has ended, whatever call met it. */
function told(error: unknown): unknown {
  if (error instanceof Refused && error.is('not-signed-in')) session.ended();
  return error;
}
