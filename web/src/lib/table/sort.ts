// What a table is sorted by, as the API has it: names with commas between, `-` before one that falls.

export interface Key {
  name: string;
  falls: boolean;
}

/** The API's order where none is said. */
export const NEWEST: Key = { name: 'login', falls: true };

export function keys(sort: string): Key[] {
  const named = sort.split(',').filter((name) => name.trim() !== '');
  return named.map((name) => ({ name: name.replace(/^-/, ''), falls: name.startsWith('-') }));
}

export function isNewestFirst(sort: string): boolean {
  const [first = NEWEST] = keys(sort);
  return first.name === NEWEST.name && first.falls;
}

/** How a column stands in the order, as `aria-sort` says it. */
export function direction(sort: string, name: string): 'ascending' | 'descending' | undefined {
  const [first = NEWEST] = keys(sort);
  if (first.name !== name) return undefined;
  return first.falls ? 'descending' : 'ascending';
}

/** The order after a column's header was chosen: its own way round first, then the other. Times begin with the newest. */
export function turned(sort: string, name: string): string {
  const now = direction(sort, name);
  const falls = now === undefined ? name === 'login' || name === 'seen' : now === 'ascending';
  const next = `${falls ? '-' : ''}${name}`;
  return next === '-login' ? '' : next;
}
