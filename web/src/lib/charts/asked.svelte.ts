// What a part of a page asks the server for: on its way, there, or refused. What was there stays until the next is.

export class Asked<T> {
  value = $state.raw<T>();
  error = $state.raw<unknown>();
  busy = $state(false);
  #turn = 0;

  /** Asks; of several that are on their way the last one counts. */
  async ask(act: () => Promise<T>): Promise<void> {
    const turn = ++this.#turn;
    const isLast = () => turn === this.#turn;
    this.busy = true;
    try {
      const value = await act();
      if (isLast()) [this.value, this.error] = [value, undefined];
    } catch (error) {
      if (isLast()) this.error = error;
    } finally {
      if (isLast()) this.busy = false;
    }
  }
}
