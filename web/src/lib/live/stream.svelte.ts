// What happens among the sessions that a filter finds, told by the server while one listens.

import { address, call, Refused, Unreachable, type Schemas } from '../api/client';
import { session } from '../state/me.svelte';

export type Session = Schemas['Session'];

/** How it stands. */
export type Standing =
  | 'off'
  | 'connecting'
  | 'live'
  | 'paused'
  | 'reconnecting'
  | 'offline'
  /** A second factor is asked for anew. */
  | 'asks'
  /** The right to see it is gone. */
  | 'refused';

/** What is done with what is told. */
export interface Listener {
  /** The list stands so; what comes is told as changes to it. */
  ready: (total: number) => void;
  opened: (item: Session) => void;
  changed: (item: Session) => void;
  /** `reason` is missing where it is live and found no more, and `null` where nobody here knows it. */
  gone: (id: string, reason?: string | null) => void;
  /** Something was left out: the list is to be read anew. */
  missed: () => void;
}

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
/** Two and a half of the stretches in which the server says at least that it is there: whoever is silent longer is gone. */
export const SILENCE = 37_500;

export class Stream {
  standing = $state<Standing>('off');
  #listener: Listener;
  #source: EventSource | undefined;
  #q = '';
  #heard = '';
  #wait = FIRST_WAIT;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** Follows a filter from now on. */
  follow(q: string): void {
    this.#q = q;
    this.#heard = '';
    this.#wait = FIRST_WAIT;
    if (this.standing !== 'paused') this.#open();
  }

  pause(): void {
    this.#close();
    this.standing = 'paused';
  }

  /** Goes on where it was; what was missed meanwhile is told, or said to be missed. */
  resume(): void {
    this.#wait = FIRST_WAIT;
    this.#open();
  }

  /** Tries at once what would be tried later. */
  hurry(): void {
    if (this.standing === 'reconnecting' || this.standing === 'offline') this.resume();
  }

  stop(): void {
    this.#close();
    this.standing = 'off';
  }

  #close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#deadline);
    this.#source?.close();
    this.#source = undefined;
  }

  #open(): void {
    this.#close();
    if (this.standing === 'off' || this.standing === 'paused') this.standing = 'connecting';
    const query = { q: this.#q, last_event_id: this.#heard };
    const source = new EventSource(address('/api/v2/sessions/stream', {}, query));
    this.#source = source;
    this.#expect();
    const on = <D>(name: string, act: (data: D) => void) =>
      source.addEventListener(name, (event: MessageEvent<string>) => {
        if (source !== this.#source) return;
        this.#expect();
        if (event.lastEventId !== '') this.#heard = event.lastEventId;
        act(JSON.parse(event.data) as D);
      });
    const stands = () => {
      this.standing = 'live';
      this.#wait = FIRST_WAIT;
    };
    on<{ total: number }>('ready', ({ total }) => (stands(), this.#listener.ready(total)));
    on('resumed', stands);
    on('alive', () => undefined);
    on<Session>('opened', (item) => this.#listener.opened(item));
    on<Session>('changed', (item) => this.#listener.changed(item));
    on<{ id: string }>('left', ({ id }) => this.#listener.gone(id));
    on<{ id: string; reason: string | null }>('ended', ({ id, reason }) => this.#listener.gone(id, reason));
    on('missed', () => {
      this.#heard = '';
      this.#listener.missed();
      this.#open();
    });
    on<{ reason: string }>('closed', ({ reason }) => {
      this.#close();
      if (reason === 'session-ended') {
        this.standing = 'off';
        session.ended();
      } else if (reason === 'not-permitted') this.standing = 'refused';
      else this.#later('reconnecting');
    });
    source.onerror = () => {
      if (source !== this.#source) return;
      if (source.readyState === EventSource.CLOSED) void this.#why();
      else this.standing = navigator.onLine ? 'reconnecting' : 'offline';
    };
  }

  /** Something is to be heard from now on: a connection that died without a word tells nobody. */
  #expect(): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      this.standing = navigator.onLine ? 'reconnecting' : 'offline';
      this.#open();
    }, SILENCE);
  }

  #later(standing: Standing): void {
    this.#close();
    this.standing = standing;
    this.#timer = setTimeout(() => this.#open(), this.#wait);
    this.#wait = Math.min(LONGEST_WAIT, this.#wait * 2);
  }

  /** Browsers do not tell why a stream was refused; a plain call does. It asks nobody for a code out of the blue. */
  async #why(): Promise<void> {
    this.#close();
    const asked = this.#q;
    try {
      await call('get', '/api/v2/sessions', { query: { q: asked, limit: 0 } });
    } catch (error) {
      if (asked !== this.#q || this.standing === 'paused' || this.standing === 'off') return;
      if (error instanceof Refused) {
        if (error.is('not-signed-in')) {
          this.standing = 'off';
          session.ended();
          return;
        }
        if (error.is('step-up-required', 'step-up-blocked')) return void (this.standing = 'asks');
        if (error.is('not-permitted')) return void (this.standing = 'refused');
        // The list says what is wrong with its filter.
        if (error.problem.status === 400) return void (this.standing = 'off');
      }
      if (error instanceof Unreachable && !navigator.onLine) return this.#later('offline');
    }
    if (asked === this.#q && this.standing !== 'paused' && this.standing !== 'off')
      this.#later('reconnecting');
  }
}
