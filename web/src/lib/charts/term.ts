// How a value is written in a filter (docs/guide/search.md), for figures that lead to what they count.

export type Field = 'user' | 'role' | 'device' | 'type' | 'version' | 'os' | 'host' | 'ip' | 'id' | 'factor';

/** What needs no quotes: nothing that ends a word or has a meaning in one. U+0085 is white space to the server. */
const BARE = /^(?!\/)[^\s\u0085()"*\\\0]+$/;
/** Of longer values the beginning is asked for: a filter has its own greatest length. */
const LONGEST = 1000;

/** The term that finds what has this value, whatever characters it is made of. */
export function term(field: Field, value: string): string {
  const chars = [...value];
  const isCut = chars.length > LONGEST;
  if (!isCut && BARE.test(value)) return `${field}:${value}`;
  const kept = isCut ? chars.slice(0, LONGEST).join('') : value;
  // NUL comes through no address; `*` stands for it.
  const text = kept.replace(/[*"\\]/g, '\\$&').replaceAll('\0', '*');
  return `${field}:"${text}${isCut ? '*' : ''}"`;
}

/** Terms of which all have to hold. */
export function all(...terms: string[]): string {
  return terms.filter(Boolean).join(' ');
}
