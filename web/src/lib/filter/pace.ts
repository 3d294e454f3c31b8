// When the newest of what is typed is asked for: at once, or when what was asked before is back.

/**
 * A question costs so much time, of which what 40 cost is saved up: whoever types a filter never waits for it. Lists and
 * completions have a pace each, so that a minute of typing asks for 380 of the 600 calls that the server takes in one.
 */
const COST = 400;
const SAVED = 40 * COST;

export class Pace {
  #ask: () => void;
  #isBusy: () => boolean;
  /** Until when all that was asked is paid. */
  #paid = -Infinity;
  /** Whether it waits for what is under way. */
  #isDue = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: () => void, isBusy = () => false) {
    this.#ask = ask;
    this.#isBusy = isBusy;
  }

  /** Something newer is to be asked for, after a while at the earliest. */
  want(after = 0): void {
    this.stop();
    const now = performance.now();
    const wait = Math.max(after, this.#paid - now);
    if (wait > 0) this.#timer = setTimeout(() => this.want(), wait);
    else if (this.#isBusy()) this.#isDue = true;
    else {
      this.#paid = Math.max(this.#paid, now - SAVED) + COST;
      this.#ask();
    }
  }

  /** What was under way is back. */
  back(): void {
    if (this.#isDue) this.want();
  }

  /** Nothing is to be asked for any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#isDue = false;
  }
}
