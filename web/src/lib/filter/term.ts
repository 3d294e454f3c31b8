// How a value is written in a filter of sessions or of events (docs/guide/search.md), so that it finds exactly that.

/** What needs no quotes: nothing that ends a word or has a meaning in one. U+0085 is white space to the server. */
const BARE = /^(?!\/)[^\s\u0085()"*\\\0]+$/;
/** Of longer values the beginning is asked for: a filter has its own greatest length. */
const LONGEST = 1000;

/** The term that finds what has this value, whatever characters it is made of. */
export function term(field: string, value: string): string {
  const isCut = [...value].length > LONGEST;
  return `${field}:${!isCut && BARE.test(value) ? value : quoted(value)}`;
}

/** A value in quotes, where the language reads no word of its own in it. */
export function quoted(value: string): string {
  const chars = [...value];
  const isCut = chars.length > LONGEST;
  const kept = isCut ? chars.slice(0, LONGEST).join('') : value;
  // NUL comes through no address; `*` stands for it.
  return `"${kept.replace(/[*"\\]/g, '\\$&').replaceAll('\0', '*')}${isCut ? '*' : ''}"`;
}

/** Terms of which all have to hold. */
export function all(...terms: string[]): string {
  return terms.filter(Boolean).join(' ');
}
