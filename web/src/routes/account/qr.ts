// A QR code as the outline of its dark squares, for one path of an SVG.

import { encode } from 'uqr';

/** The path of the dark squares, and how many squares a side has, the quiet zone of four with them. */
export function qr(text: string): { path: string; size: number } {
  const { data } = encode(text, { ecc: 'M', border: 4 });
  const path = data.flatMap((row, y) => runs(row).map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`));
  return { path: path.join(''), size: data.length };
}

/** Where in a row dark squares begin, and how many follow one another. */
function runs(row: boolean[]): [number, number][] {
  const found: [number, number][] = [];
  row.forEach((dark, x) => {
    const last = found.at(-1);
    if (!dark) return;
    if (last && last[0] + last[1] === x) last[1] += 1;
    else found.push([x, 1]);
  });
  return found;
}

/** A secret in groups of four, as it is typed. */
export function grouped(secret: string): string {
  return secret.match(/.{1,4}/g)?.join(' ') ?? '';
}
