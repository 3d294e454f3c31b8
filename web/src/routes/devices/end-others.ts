// Ending one's other sessions, one after the other: how far it is told, and what stops it.

import { Refused } from '../../lib/api/client';

/** How far it is; until when the server asks for a pause, where it does. */
export interface Far {
  done: number;
  of: number;
  pausedUntil?: Date | undefined;
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** Ends each of them by `end`; one that had ended before is as good. Stops with the first refusal that waiting does not mend. */
export async function endOthers(
  ids: readonly string[],
  end: (id: string) => Promise<unknown>,
  tell: (far: Far) => void,
  now: () => number = Date.now,
): Promise<void> {
  for (const [done, id] of ids.entries()) {
    tell({ done, of: ids.length });
    for (;;) {
      try {
        await end(id);
        break;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (error.is('no-such-session')) break;
        const until =
          error.is('too-many-requests') && error.problem.until ? new Date(error.problem.until) : undefined;
        if (!until) throw error;
        tell({ done, of: ids.length, pausedUntil: until });
        // A second at the least: this machine's clock may be ahead.
        await pause(Math.max(1000, until.getTime() - now()));
      }
    }
  }
  tell({ done: ids.length, of: ids.length });
}
