// A stream that dies without a word is noticed, and goes on with what was heard last.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SILENCE, Stream, type Listener } from './stream.svelte';

class Source extends EventTarget {
  static made: Source[] = [];
  static get last(): Source {
    return Source.made.at(-1) as Source;
  }
  closed = false;
  constructor(readonly url: string) {
    super();
    Source.made.push(this);
  }
  close(): void {
    this.closed = true;
  }
  tell(name: string, data: object, lastEventId = ''): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data), lastEventId }));
  }
}

const listener: Listener = {
  ready: () => undefined,
  opened: () => undefined,
  changed: () => undefined,
  gone: () => undefined,
  missed: () => undefined,
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', Source);
  vi.stubGlobal('navigator', { onLine: true });
  Source.made = [];
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('what is silent for too long is opened anew, from what was heard last', () => {
  const stream = new Stream(listener);
  stream.follow('os:linux');
  Source.last.tell('ready', { total: 3 }, 'n-7');
  vi.advanceTimersByTime(SILENCE - 1);
  Source.last.tell('alive', {});
  vi.advanceTimersByTime(SILENCE - 1);
  expect(stream.standing).toBe('live');
  expect(Source.made).toHaveLength(1);

  vi.advanceTimersByTime(1);
  expect(stream.standing).toBe('reconnecting');
  expect(Source.made.map(({ closed }) => closed)).toEqual([true, false]);
  expect(Source.last.url).toBe('/api/v2/sessions/stream?q=os%3Alinux&last_event_id=n-7');
  Source.last.tell('resumed', {});
  expect(stream.standing).toBe('live');
  stream.stop();
});

test('one that never answers is tried again', () => {
  const stream = new Stream(listener);
  stream.follow('');
  vi.advanceTimersByTime(2 * SILENCE);
  expect(stream.standing).toBe('reconnecting');
  expect(Source.made).toHaveLength(3);
  stream.stop();
});

test('one that rests is not waited for', () => {
  const stream = new Stream(listener);
  stream.follow('');
  Source.last.tell('ready', { total: 3 });
  stream.pause();
  vi.advanceTimersByTime(10 * SILENCE);
  expect(stream.standing).toBe('paused');
  expect(Source.made).toHaveLength(1);
});
