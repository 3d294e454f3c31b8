// What an authenticator shows (RFC 6238, SHA-1, 30 seconds), and the digest that stands for a password where it is a code.

import { createHash, createHmac } from 'node:crypto';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The code of the step that is `ahead` of now: each step's works once, and those beside now's are taken too. */
export function totp(secret: string, ahead = 0): string {
  const bits = [...secret.replace(/[\s=]/g, '')]
    .map((c) => BASE32.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const mac = createHmac('sha1', key).update(step).digest();
  const number = mac.readUInt32BE((mac.at(-1) ?? 0) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
