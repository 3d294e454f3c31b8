import { expect, test } from 'vitest';
import { visible } from './visible';

test('what cannot be seen is named', () => {
  expect(visible('a\u202Eb\u0000')).toBe('a‹U+202E›b‹U+0000›');
});

test('what can be seen stays, in any script', () => {
  expect(visible('<b>Zoë 🦊 東京 שלום</b>')).toBe('<b>Zoë 🦊 東京 שלום</b>');
});
