// Values that one can narrow by, as the filter finds them.

import type { Schemas } from '../api/client';
import { term } from './term';

export interface Value {
  value: string;
  count: number;
  /** What finds them. */
  term: string;
}

/** A facet's values. The filter takes no heed of case, so values that differ in it alone are one. */
export function values(field: string, { values }: Schemas['Tally']): Value[] {
  const folded = new Map<string, Value>();
  for (const { value, count } of values) {
    const known = folded.get(value.toLowerCase());
    if (known) known.count += count;
    else folded.set(value.toLowerCase(), { value, count, term: term(field, value) });
  }
  return [...folded.values()].sort((a, b) => b.count - a.count);
}
