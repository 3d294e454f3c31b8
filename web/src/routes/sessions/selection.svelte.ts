// Which sessions are selected: some by their ids, or all that the filter finds.
/* eslint-disable svelte/prefer-svelte-reactivity -- A set is replaced whole when it changes. */

/** A filter has so many terms at the most. */
export const MOST = 250;

export class Selection {
  #ids = $state.raw<ReadonlySet<string>>(new Set());
  /** Whether all that match are. */
  all = $state(false);

  get size(): number {
    return this.#ids.size;
  }

  has(id: string): boolean {
    return this.all || this.#ids.has(id);
  }

  /** Takes some in, or out; `undefined` turns each around. `false` when there is no room for all. */
  set(ids: readonly string[], on?: boolean): boolean {
    const chosen = new Set(this.#ids);
    this.all = false;
    let fits = true;
    for (const id of ids) {
      if (!(on ?? !chosen.has(id))) chosen.delete(id);
      else if (chosen.size < MOST) chosen.add(id);
      else fits = false;
    }
    this.#ids = chosen;
    return fits;
  }

  drop(id: string): void {
    if (!this.#ids.has(id)) return;
    this.#ids = new Set([...this.#ids].filter((one) => one !== id));
  }

  clear(): void {
    this.#ids = new Set();
    this.all = false;
  }

  /** The filter that finds what is selected. */
  filter(q: string): string {
    return this.all ? q : [...this.#ids].map((id) => `id:${id}`).join(' OR ');
  }
}
