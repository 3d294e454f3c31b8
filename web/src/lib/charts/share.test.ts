import { expect, test } from 'vitest';
import { share } from './share';

test('shares are rounded, and few are not none, nor most all', () => {
  expect(share(43, 100)).toBe('43 %');
  expect(share(1, 1000)).toBe('< 1 %');
  expect(share(999, 1000)).toBe('> 99 %');
  expect(share(0, 1000)).toBe('0 %');
  expect(share(7, 7)).toBe('100 %');
  expect(share(0, 0)).toBe('');
});
