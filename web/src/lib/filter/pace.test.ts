import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pace } from './pace';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A box whose questions take so long to answer. */
function typing(answer: number) {
  const asked: string[] = [];
  let [text, under] = ['', 0];
  const pace = new Pace(
    () => {
      asked.push(text);
      under += 1;
      setTimeout(() => {
        under -= 1;
        pace.back();
      }, answer);
    },
    () => under > 0,
  );
  const type = (letter: string, after?: number) => {
    text += letter;
    pace.want(after);
  };
  return { asked, type, pace, under: () => under };
}

test('a letter is asked for at once', () => {
  const { asked, type } = typing(50);
  type('z');
  expect(asked).toEqual(['z']);
});

test('while one is under way the others wait, and the newest follows it', () => {
  const { asked, type, under } = typing(50);
  for (const letter of 'zoe') type(letter);
  expect(asked).toEqual(['z']);
  vi.advanceTimersByTime(49);
  expect(under()).toBe(1);
  vi.advanceTimersByTime(1);
  expect(asked).toEqual(['z', 'zoe']);
  vi.advanceTimersByTime(1000);
  expect(asked, 'nothing is asked twice').toEqual(['z', 'zoe']);
});

test('what is to wait is overtaken by what is not, and not asked for by an answer', () => {
  const { asked, type } = typing(50);
  type('a');
  type('b', 700);
  vi.advanceTimersByTime(699);
  expect(asked).toEqual(['a']);
  vi.advanceTimersByTime(1);
  expect(asked).toEqual(['a', 'ab']);
  vi.advanceTimersByTime(50);
  type('c', 700);
  type('d');
  vi.advanceTimersByTime(1000);
  expect(asked).toEqual(['a', 'ab', 'abcd']);
});

test('what is stopped is not asked for', () => {
  const { asked, type, pace } = typing(50);
  type('a');
  type('b');
  pace.stop();
  vi.advanceTimersByTime(50);
  type('c', 700);
  pace.stop();
  vi.advanceTimersByTime(1000);
  expect(asked).toEqual(['a']);
});

test('a filter is never waited with, and who types on and on asks 191 times in a minute at the most', () => {
  const { asked, type } = typing(10);
  for (let i = 0; i < 40; i += 1) {
    type('a');
    expect(asked.at(-1)).toHaveLength(i + 1);
    vi.advanceTimersByTime(20);
  }
  for (let i = 40; i < 60_000 / 20; i += 1) {
    type('a');
    vi.advanceTimersByTime(20);
  }
  expect(asked.length).toBeLessThanOrEqual(191);
  expect(asked.length).toBeGreaterThan(180);
  vi.advanceTimersByTime(400);
  expect(asked.at(-1), 'the newest is asked for when they rest').toHaveLength(3000);
});
