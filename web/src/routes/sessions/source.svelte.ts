// The sessions that a filter finds: read as they come into sight, kept as they are told to change, and never moved under a
// reader who looks at them. What was opened since waits until it is asked for.
/* eslint-disable svelte/prefer-svelte-reactivity -- What is told by the hundred is not watched; `#version` says when to look again. */

import { call, Refused, Unreachable, type Schemas } from '../../lib/api/client';
import { Stream, type Session } from '../../lib/live/stream.svelte';
import { session } from '../../lib/state/me.svelte';
import { Cancelled, proven } from '../../lib/state/step-up.svelte';
import { List } from '../../lib/table/list';
import { isNewestFirst } from '../../lib/table/sort';
import { t } from '../../lib/text/text';

export type { Session };
export type Facets = NonNullable<Schemas['SessionPage']['facets']>;

export interface Query {
  q: string;
  sort: string;
  /** An instant of the past; empty for now. */
  asOf: string;
}

/** What the table does when rows above those in sight come or go. */
export interface View {
  sight: () => [number, number];
  shift: (by: number) => void;
  closed: (places: readonly number[]) => void;
  toTop: () => void;
}

/**
 * Rows that are read beside those in sight, and how many of them are left when further ones are read: a hand on a wheel passes
 * 500 a second, and what is seen before it is there is drawn twice.
 */
const AROUND = 250;
const AHEAD = 70;
/** Rows that are read at first, so that they come soon. */
const FIRST = 100;
/** No two reads begin sooner after one another, so that a fling through a million rows stays within the limit of calls. */
const APART = 150;
/** How long what has ended stays in sight. */
const LINGER = 3000;
/** How often the list is put right by reading it, at the most. */
const PUT_RIGHT = 3000;
/** A stream is opened for a filter that stays for so long, and what one can narrow it by is counted. */
const SETTLED = 400;
export const FACETS: readonly string[] = [
  'os',
  'device',
  'type',
  'version',
  'role',
  'factor',
  'host',
  'user',
];

export class Source {
  /** Counts changes of the list, which is too large to be watched itself. */
  #version = $state(0);
  #list = new List<Session>();
  #reasons = new Map<string, string | null | undefined>();
  /** Opened since the list was read. */
  #held = new Set<string>();
  #gone = new Set<string>();

  /** What is asked for. */
  query = $state.raw<Query>({ q: '', sort: '', asOf: '' });
  /** What the rows that are shown were found by: while what is typed is no filter, they go on as they are. */
  listed = $state.raw<Query>({ q: '', sort: '', asOf: '' });
  /** How many sessions are found now, with those that wait; `undefined` until that is known. */
  found = $state.raw<number>();
  /** How many wait to be shown. */
  held = $state.raw(0);
  facets = $state.raw<Facets>();
  asOf = $state.raw<Schemas['AsOf']>();
  /** Whether what is shown is not yet what is asked for. */
  stale = $state.raw(true);
  /** What went wrong; rows that were read stay. */
  error = $state.raw<unknown>();
  stream: Stream;
  view: View | undefined;
  /** Tells that a session is there no more. */
  onleft: ((id: string) => void) | undefined;
  /** When the pointer last moved over the rows. */
  pointed = 0;

  #reading: AbortController | undefined;
  #stretch: { from: number; to: number; stop: AbortController } | undefined;
  #lastRead = 0;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #follow: ReturnType<typeof setTimeout> | undefined;
  #right: ReturnType<typeof setTimeout> | undefined;
  #lastRight = 0;
  #tick: ReturnType<typeof setInterval>;
  #counting: AbortController | undefined;
  #countSoon: ReturnType<typeof setTimeout> | undefined;
  #drawn = 0;

  constructor() {
    this.stream = new Stream({
      ready: () => (this.error instanceof Unreachable ? this.retry() : this.#putRight(0)),
      opened: (item) => this.#opened(item),
      changed: (item) => this.#changed(item),
      gone: (id, reason) => this.#left(id, reason),
      missed: () => this.#putRight(0),
    });
    this.#tick = setInterval(() => this.#closeGaps(), 500);
  }

  get rows(): number {
    void this.#version;
    return this.#list.rows;
  }

  at(index: number): Session | undefined {
    void this.#version;
    return this.#list.get(index);
  }

  isLeaving(id: string): boolean {
    return this.#list.isLeaving(id);
  }

  /** Why a row is leaving: `undefined` when the filter finds it no more. */
  reason(id: string): string | null | undefined {
    return this.#reasons.get(id);
  }

  /** Shows another list from its beginning. What is shown stays until it is there. */
  async show(query: Query): Promise<void> {
    this.query = query;
    this.#reading?.abort();
    this.#stretch?.stop.abort();
    this.#stretch = undefined;
    clearTimeout(this.#soon);
    clearTimeout(this.#follow);
    clearTimeout(this.#right);
    const reading = (this.#reading = new AbortController());
    this.stale = true;
    try {
      const page = await this.#page(query, 0, FIRST, reading.signal);
      if (reading.signal.aborted) return;
      this.listed = query;
      this.#held.clear();
      this.#gone.clear();
      this.#list.clear();
      this.#list.rows = page.total;
      this.#list.put(0, page.items);
      this.held = 0;
      this.found = page.total;
      this.asOf = page.as_of ?? undefined;
      this.error = undefined;
      this.view?.toTop();
      this.#draw();
      this.stale = false;
      this.#count(this.facets ? SETTLED : 0);
      // One follows what stays, not each letter that is typed.
      if (query.asOf) this.stream.stop();
      else this.#follow = setTimeout(() => this.stream.follow(query.q), SETTLED);
    } catch (error) {
      if (reading.signal.aborted) return;
      this.error = error;
      this.stale = false;
    }
  }

  /** Reads the list anew, with what waited. */
  refresh(): void {
    void this.show(this.query);
  }

  /** Tries again what went wrong. */
  retry(): void {
    this.error = undefined;
    if (this.found === undefined || this.query !== this.listed) this.refresh();
    else {
      this.#putRight(0);
      this.stream.hurry();
    }
  }

  stop(): void {
    this.#reading?.abort();
    this.#stretch?.stop.abort();
    this.#counting?.abort();
    for (const timer of [this.#soon, this.#follow, this.#right, this.#countSoon]) clearTimeout(timer);
    clearInterval(this.#tick);
    cancelAnimationFrame(this.#drawn);
    this.stream.stop();
  }

  /** Rows came into sight: what is not there of them is read, and what was passed over is not. */
  sight(first: number, last: number): void {
    const missing = this.#list.missing(first - AHEAD, last + AHEAD);
    const now = this.#stretch;
    if (now && (!missing || missing[0] < now.from || missing[1] > now.to)) {
      now.stop.abort();
      this.#stretch = undefined;
    }
    clearTimeout(this.#soon);
    if (!missing || this.#stretch || this.stale) return;
    const wait = Math.max(0, this.#lastRead + APART - performance.now());
    this.#soon = setTimeout(() => void this.#read(first, last), wait);
  }

  async #read(first: number, last: number): Promise<void> {
    const missing = this.#list.missing(first - AROUND, last + AROUND);
    if (!missing) return;
    const [from, to] = missing;
    const stop = new AbortController();
    const stretch = (this.#stretch = { from, to, stop });
    this.#lastRead = performance.now();
    const query = this.listed;
    try {
      const page = await this.#page(query, this.#offset(from), to - from + 1, stop.signal);
      if (this.#stretch !== stretch) return;
      for (const { id } of page.items) this.#held.delete(id);
      const fits = this.#list.put(from, page.items);
      this.#take(page.total);
      this.error = undefined;
      // The list moved between two reads.
      if (!fits || page.items.length < to - from + 1) this.#putRight();
    } catch (error) {
      if (this.#stretch !== stretch) return;
      this.error = error;
    } finally {
      if (this.#stretch === stretch) this.#stretch = undefined;
      this.#draw();
    }
  }

  #page(query: Query, offset: number, limit: number, signal: AbortSignal) {
    const { q, sort, asOf } = query;
    const asked = { q, sort, as_of: asOf, offset, limit };
    return proven(t('sessions.act.see'), (code) =>
      call('get', '/api/v2/sessions', { query: asked }, { code, signal }),
    );
  }

  /** How many of those that wait stand before all rows. In any other order nobody knows where they stand. */
  get #above(): number {
    return isNewestFirst(this.listed.sort) ? this.#held.size : 0;
  }

  #offset(index: number): number {
    return this.#list.offset(index) + this.#above;
  }

  #take(total: number): void {
    this.found = total;
    this.#list.rows = Math.max(0, total - this.#above + this.#list.leaving);
  }

  /** Reads what is in sight anew, and keeps it in sight. */
  #putRight(least = PUT_RIGHT): void {
    clearTimeout(this.#right);
    const wait = Math.max(0, Math.min(least, this.#lastRight + least - performance.now()));
    this.#right = setTimeout(() => void this.#renew(), wait);
  }

  async #renew(): Promise<void> {
    if (this.stale || this.listed.asOf) return;
    this.#lastRight = performance.now();
    const reading = this.#reading;
    const query = this.listed;
    try {
      const [first, last] = this.view?.sight() ?? [0, AROUND];
      const from = Math.max(0, first - AROUND);
      // At the top of the newest, those that wait are read too: whoever of them was not told of waits with them.
      const isTop = from === 0 && isNewestFirst(query.sort);
      const offset = isTop ? 0 : this.#offset(from);
      const limit = last - from + 1 + AROUND + (isTop ? this.#held.size : 0);
      const heard = new Set(this.#held);
      const signal = reading?.signal ?? new AbortController().signal;
      const page = await this.#page(query, offset, limit, signal);
      if (this.#reading !== reading) return;
      // What is leaving is not in what was read.
      this.#closed(this.#list.close(Infinity));
      let { items } = page;
      if (isTop && this.#list.rows > 0) {
        const known = items.findIndex(({ id }) => this.#list.indexOf(id) !== undefined);
        const meanwhile = [...this.#held].filter((id) => !heard.has(id));
        this.#held = new Set([...items.slice(0, Math.max(0, known)).map(({ id }) => id), ...meanwhile]);
        items = items.slice(Math.max(0, known));
        // These came while it was read, and may not be counted in it.
        if (meanwhile.length > 0) this.#putRight();
      }
      for (const { id } of items) this.#held.delete(id);
      const [now] = this.view?.sight() ?? [0];
      const known = now === 0 ? undefined : this.#list.get(now)?.id;
      this.found = page.total;
      const by = this.#list.renew(from, items, Math.max(0, page.total - this.#above), known);
      this.error = undefined;
      this.#draw();
      if (by !== 0) this.view?.shift(by);
    } catch (error) {
      if (this.#reading === reading && !(error instanceof Cancelled)) this.error = error;
    }
  }

  #opened(item: Session): void {
    if (this.#list.indexOf(item.id) !== undefined) return this.#changed(item);
    if (this.#held.has(item.id)) return;
    this.#held.add(item.id);
    this.#gone.delete(item.id);
    this.found = (this.found ?? 0) + 1;
    this.#draw();
    this.#count();
  }

  #changed(item: Session): void {
    const known = this.#list.change(item.id, (before) => ({ ...item, current: before.current }));
    if (known) {
      this.#reasons.delete(item.id);
      this.#draw();
    }
    // It may be found only now; without a filter all are.
    else if (this.listed.q !== '' && !this.#held.has(item.id)) this.#putRight();
  }

  #left(id: string, reason?: string | null): void {
    if (this.#gone.has(id)) return;
    this.#gone.add(id);
    if (this.#gone.size > 10_000) this.#gone.clear();
    this.found = Math.max(0, (this.found ?? 0) - 1);
    this.onleft?.(id);
    if (!this.#held.delete(id)) {
      if (this.#list.leave(id, performance.now())) this.#reasons.set(id, reason);
      else {
        this.#list.rows = Math.max(0, this.#list.rows - 1);
        this.#putRight();
      }
    }
    this.#draw();
    this.#count();
  }

  /** Nothing moves while a pointer does. */
  #closeGaps(): void {
    const now = performance.now();
    if (this.#list.leaving === 0 || now - this.pointed < 1500) return;
    const places = this.#list.close(now - LINGER);
    if (places.length > 0) {
      this.#closed(places);
      this.#draw();
    }
  }

  #closed(places: readonly number[]): void {
    if (places.length > 0) this.view?.closed(places);
    if (this.#list.leaving === 0) this.#reasons.clear();
  }

  /** However much is told at once, it is drawn once a frame. */
  #draw(): void {
    if (this.#drawn) return;
    this.#drawn = requestAnimationFrame(() => {
      this.#drawn = 0;
      this.held = this.#held.size;
      this.#version += 1;
    });
  }

  /** Counts by what one can narrow by: after the rows, and now and then while they change. */
  #count(after?: number): void {
    if (this.#countSoon && after === undefined) return;
    clearTimeout(this.#countSoon);
    this.#countSoon = setTimeout(() => {
      this.#countSoon = undefined;
      void this.#tally();
    }, after ?? 5000);
  }

  async #tally(): Promise<void> {
    this.#counting?.abort();
    const counting = (this.#counting = new AbortController());
    const { q, asOf } = this.listed;
    // Nothing keeps what factors a user had.
    const facets = FACETS.filter((name) => !asOf || name !== 'factor').join(',');
    try {
      const asked = { q, as_of: asOf, limit: 0, facets };
      const page = await call('get', '/api/v2/sessions', { query: asked }, { signal: counting.signal });
      if (!counting.signal.aborted) this.facets = page.facets ?? undefined;
    } catch (error) {
      // The list asks for codes, and says what is wrong; counts wait for it.
      if (error instanceof Refused && error.is('not-signed-in')) session.ended();
    }
  }
}
