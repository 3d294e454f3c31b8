import { encode } from 'uqr';
import { expect, test } from 'vitest';
import { grouped, qr } from './qr';

test('the path covers the dark squares, all of them and no other', () => {
  const uri = 'otpauth://totp/Rollcall:zoe?secret=JBSWY3DPEHPK3PXP&issuer=Rollcall';
  const { path, size } = qr(uri);
  const drawn = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    drawn[Number(y)]?.fill(true, Number(x), Number(x) + Number(length));
  }
  expect(drawn).toEqual(encode(uri, { ecc: 'M', border: 4 }).data);
  // Scanners need four light squares around it.
  expect(drawn.slice(0, 4).flat()).not.toContain(true);
});

test('a secret is grouped as it is typed', () => {
  expect(grouped('JBSWY3DPEHPK3PXPAB')).toBe('JBSW Y3DP EHPK 3PXP AB');
});
