// Terms of a filter of events: how a value is written in one, and which ones a filter has.

import { quoted, term as written } from '../../lib/filter/term';

/** Words that `actor:` takes for who has no name. */
const NAMELESS = ['system', 'operator', 'anyone'];

/** A term that asks for exactly this value. */
export function term(field: string, value: string): string {
  return NAMELESS.includes(value) ? `${field}:${quoted(value)}` : written(field, value);
}

/** The terms of a filter of events; what stands in quotes holds together. */
export function terms(q: string): string[] {
  return q.match(/(?:"(?:\\.|[^"\\])*"?|[^\s"])+/g) ?? [];
}

/** What a term asks about: `kind` of `kind:session.*`; empty for a plain word. */
function field(term: string): string {
  return /^\w+(?=[:<>])/.exec(term)?.[0] ?? '';
}

/** Whether a filter has this term. */
export function has(q: string, term: string): boolean {
  return terms(q).includes(term);
}

/** The filter without the term if it has it, or with it in the place of those that ask about the same. */
export function toggle(q: string, term: string): string {
  const kept = terms(q).filter((other) => field(other) === '' || field(other) !== field(term));
  return (has(q, term) ? terms(q).filter((other) => other !== term) : [...kept, term]).join(' ');
}
