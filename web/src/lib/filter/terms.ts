// A filter's text, taken apart into the terms that all must hold, so that one can be added and another removed.
// What the language is, and what is wrong with a text, only the server says: docs/guide/search.md.

const SPACE = /\s/u;

/** The terms that all must hold. A text with `OR` between its terms, or with something left open, is one term. */
export function terms(q: string): string[] {
  const found: string[] = [];
  let at = 0;
  while (at < q.length) {
    if (SPACE.test(q.charAt(at))) {
      at += 1;
      continue;
    }
    const end = endOfTerm(q, at);
    if (end === undefined) return [q.trim()];
    const term = q.slice(at, end);
    if (term === 'OR') return [q.trim()];
    // `NOT` belongs to what comes after it.
    if (found.at(-1) === 'NOT') found[found.length - 1] = `NOT ${term}`;
    else if (term !== 'AND') found.push(term);
    at = end;
  }
  return found;
}

/** Where the term ends that begins at a place; `undefined` where it does not. */
function endOfTerm(q: string, from: number): number | undefined {
  let depth = 0;
  let at = from;
  /** Whether a value may begin here, so that a slash begins a regular expression. */
  let fresh = true;
  while (at < q.length) {
    const c = q.charAt(at);
    if (SPACE.test(c) && depth === 0) return at;
    if (c === '"' || (c === '/' && fresh)) {
      at = closed(q, at, c);
      if (at > q.length) return undefined;
      fresh = false;
      continue;
    }
    if (c === '(') depth += 1;
    if (c === ')') depth -= 1;
    if (depth < 0) return undefined;
    if (c === '\\') at += 1;
    fresh = c === ':' || c === '(' || c === '-' || SPACE.test(c);
    at += 1;
  }
  return depth === 0 ? Math.min(at, q.length) : undefined;
}

/** Behind the second of two quotes or slashes; past the end where there is none. */
function closed(q: string, from: number, mark: string): number {
  for (let at = from + 1; at < q.length; at += 1) {
    if (q.charAt(at) === '\\') at += 1;
    else if (q.charAt(at) === mark) return at + 1;
  }
  return q.length + 1;
}

function same(a: string, b: string): boolean {
  const plain = (term: string) => term.replaceAll('"', '').toLowerCase();
  return plain(a) === plain(b);
}

export function has(q: string, term: string): boolean {
  return terms(q).some((one) => same(one, term));
}

/** The filter with a further term that must hold. */
export function add(q: string, term: string): string {
  const rest = q.trim();
  if (rest === '') return term;
  return `${isLoose(rest) ? `(${rest})` : rest} ${term}`;
}

/** Whether `OR` stands between its terms, so that what is set before or behind it takes only one of them. */
function isLoose(text: string): boolean {
  return terms(text).length === 1 && /\sOR\s/.test(text) && endOfTerm(text, 0) !== text.length;
}

/** The term that finds what another does not. */
export function opposite(term: string): string {
  const positive = /^(?:-|NOT )/.exec(term);
  if (positive) return term.slice(positive[0].length);
  return isLoose(term) ? `-(${term})` : `-${term}`;
}

/** The filter with a term turned into its opposite. */
export function turned(q: string, term: string): string {
  return terms(q)
    .map((one) => (same(one, term) ? opposite(one) : one))
    .join(' ');
}

/** The filter without a term. */
export function without(q: string, term: string): string {
  return terms(q)
    .filter((one) => !same(one, term))
    .join(' ');
}

/** The place in a text of JavaScript's that stands behind so many characters. */
export function unitAt(text: string, characters: number): number {
  let unit = 0;
  for (const character of text) {
    if (characters <= 0) break;
    characters -= 1;
    unit += character.length;
  }
  return unit;
}

/** How many characters stand before a place in a text of JavaScript's. */
export function charactersBefore(text: string, unit: number): number {
  return [...text.slice(0, unit)].length;
}
