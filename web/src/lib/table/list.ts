// A long list as far as it was read: rows by their place, and what has left it but is still shown for a moment.

export interface Listed {
  id: string;
}

/** Rows that are held at once, at the most. */
const HELD = 4000;

export class List<T extends Listed> {
  #at = new Map<number, T>();
  #where = new Map<string, number>();
  /** What is there no more, and since when that is known. */
  #leaving = new Map<string, number>();

  /** How many rows there are, with those that are leaving. */
  rows = 0;

  get(index: number): T | undefined {
    return this.#at.get(index);
  }

  indexOf(id: string): number | undefined {
    return this.#where.get(id);
  }

  isLeaving(id: string): boolean {
    return this.#leaving.has(id);
  }

  get leaving(): number {
    return this.#leaving.size;
  }

  clear(): void {
    this.#at.clear();
    this.#where.clear();
    this.#leaving.clear();
    this.rows = 0;
  }

  /** How many rows of the server's list stand before a place. */
  offset(index: number): number {
    return index - this.#places().filter((place) => place < index).length;
  }

  /** The stretch within two places, both included, that was not read yet. */
  missing(first: number, last: number): [number, number] | undefined {
    let from = Math.max(0, first);
    let to = Math.min(last, this.rows - 1);
    while (from <= to && this.#at.has(from)) from += 1;
    while (to >= from && this.#at.has(to)) to -= 1;
    return from <= to ? [from, to] : undefined;
  }

  /** Puts rows in from a place on; what is leaving stays where it is. Says whether each was new there. */
  put(first: number, items: readonly T[]): boolean {
    const leaving = new Set(this.#places());
    let index = first;
    let fits = true;
    for (const item of items) {
      while (leaving.has(index)) index += 1;
      fits = this.#set(index, item) && fits;
      index += 1;
    }
    if (this.#at.size > HELD) this.keep(first - HELD / 4, index + HELD / 4);
    return fits;
  }

  #set(index: number, item: T): boolean {
    const before = this.#where.get(item.id);
    const other = this.#at.get(index);
    if (other && other.id !== item.id) this.#where.delete(other.id);
    if (before !== undefined && before !== index) this.#at.delete(before);
    this.#at.set(index, item);
    this.#where.set(item.id, index);
    return before === undefined || before === index;
  }

  /** Another version of a row; `false` where it was not read. */
  change(id: string, change: (item: T) => T): boolean {
    const index = this.#where.get(id);
    const item = index === undefined ? undefined : this.#at.get(index);
    if (index === undefined || !item) return false;
    this.#at.set(index, change(item));
    this.#leaving.delete(id);
    return true;
  }

  /** A row is there no more; `false` where it was not read, or had left before. */
  leave(id: string, now: number): boolean {
    if (!this.#where.has(id) || this.#leaving.has(id)) return false;
    this.#leaving.set(id, now);
    return true;
  }

  /** Closes the gaps of what left before some time. Gives the places that they had, in order. */
  close(before: number): number[] {
    const gone = [...this.#leaving].filter(([, since]) => since <= before).map(([id]) => id);
    if (gone.length === 0) return [];
    const places = gone.map((id) => this.#where.get(id)).filter((place) => place !== undefined);
    places.sort((a, b) => a - b);
    for (const id of gone) this.#leaving.delete(id);
    const left = new Set(places);
    const rest = [...this.#at].filter(([index]) => !left.has(index)).sort(([a], [b]) => a - b);
    this.#at.clear();
    this.#where.clear();
    let passed = 0;
    for (const [index, item] of rest) {
      while (passed < places.length && (places[passed] ?? 0) < index) passed += 1;
      this.#at.set(index - passed, item);
      this.#where.set(item.id, index - passed);
    }
    this.rows -= places.length;
    return places;
  }

  /**
   * Takes rows that were read anew from a place on for all that there is, and says how far they moved, by where a row
   * that is known stands now. Nothing may be leaving.
   */
  renew(first: number, items: readonly T[], rows: number, known: string | undefined): number {
    const was = known === undefined ? undefined : this.#where.get(known);
    this.clear();
    this.rows = rows;
    this.put(first, items);
    const is = known === undefined ? undefined : this.#where.get(known);
    return was === undefined || is === undefined ? 0 : is - was;
  }

  /** Forgets what was read outside of two places. */
  keep(first: number, last: number): void {
    for (const [index, item] of this.#at) {
      if (index >= first && index <= last) continue;
      this.#at.delete(index);
      this.#where.delete(item.id);
      if (this.#leaving.delete(item.id)) this.rows -= 1;
    }
  }

  #places(): number[] {
    return [...this.#leaving.keys()].map((id) => this.#where.get(id)).filter((place) => place !== undefined);
  }
}
