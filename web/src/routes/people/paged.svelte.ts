// A list that is read page by page: from its beginning, and on from there on demand.

interface Page<T> {
  items: T[];
  next: string | null;
}

export class Paged<T> {
  items = $state.raw<T[]>([]);
  /** Where the next page begins; `null` when there is none. */
  next = $state.raw<string | null>(null);
  error = $state.raw<unknown>();
  busy = $state(false);
  /** Whether the beginning was answered. */
  known = $state(false);
  /** Answers of what was asked before the last question are dropped. */
  #turn = 0;
  readonly #read: (cursor: string | undefined) => Promise<Page<T>>;

  constructor(read: (cursor: string | undefined) => Promise<Page<T>>) {
    this.#read = read;
  }

  /** Reads from the beginning. */
  async first(): Promise<void> {
    await this.#load(undefined);
  }

  /** Reads on. */
  async more(): Promise<void> {
    if (this.next !== null && !this.busy) await this.#load(this.next);
  }

  async #load(cursor: string | undefined): Promise<void> {
    const turn = ++this.#turn;
    this.busy = true;
    this.error = undefined;
    try {
      const page = await this.#read(cursor);
      if (turn !== this.#turn) return;
      this.items = cursor === undefined ? page.items : [...this.items, ...page.items];
      this.next = page.next;
      this.known = true;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.error = error;
      // What was found before is not what is asked for now.
      if (cursor === undefined) [this.items, this.next, this.known] = [[], null, false];
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}
