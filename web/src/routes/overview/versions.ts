// How far behind the versions of a browser or app are, by what its sessions have.

/** A value and how many there are of it, as facets tell them. */
export interface Counted {
  value: string;
  count: number;
}

/** Versions from one up to below another, and how many sessions have one of them. */
export interface Group {
  /** What is asked for beside the device, in the language of filters. */
  terms: string[];
  /** The first of them, where there is one, and the last, where there is one. */
  first?: string;
  last?: string;
  count: number;
}

/** So many releases behind the newest a group begins. Browsers release every four weeks: a few months, a year. */
const BEHIND = [4, 12];
/** Versions that fewer sessions have do not make the newest one: clients say what they like. */
const SOME = 0.01;

const numbers = (version: string) => version.match(/\d+/g)?.map(Number) ?? [];

/**
 * Groups versions by how far they are behind the newest: by their first number, or by their second where all have the same
 * first. Those without a number are not told.
 */
export function groups(versions: readonly Counted[]): Group[] {
  const known = versions
    .map(({ value, count }) => ({ of: numbers(value), count }))
    .filter(({ of }) => of.length > 0);
  const total = known.reduce((sum, { count }) => sum + count, 0);
  const majors = new Set(known.map(({ of }) => of[0]));
  const [major] = majors;
  const prefix = majors.size === 1 && known.some(({ of }) => of.length > 1) ? `${major}.` : '';
  const counts = new Map<number, number>();
  for (const { of, count } of known) {
    const n = (prefix ? of[1] : of[0]) ?? 0;
    counts.set(n, (counts.get(n) ?? 0) + count);
  }
  if (counts.size === 0) return [];
  const common = [...counts].filter(([, count]) => count >= total * SOME).map(([n]) => n);
  const newest = Math.max(...common);
  // Where each group begins, the newest first.
  const bounds = [newest, ...BEHIND.map((n) => newest - n).filter((bound) => bound > 0), 0];
  const sum = (from: number, below: number) =>
    [...counts].filter(([n]) => n >= from && n < below).reduce((sum, [, count]) => sum + count, 0);
  return bounds.map((from, i) => {
    const above = bounds[i - 1];
    const terms = [
      ...(from > 0 || above === undefined ? [`version>=${prefix}${from}`] : []),
      ...(above === undefined ? [] : [`version<${prefix}${above}`]),
    ];
    return {
      terms,
      ...(from > 0 || above === undefined ? { first: `${prefix}${from}` } : {}),
      ...(above === undefined ? {} : { last: `${prefix}${above - 1}` }),
      count: sum(from, above ?? Infinity),
    };
  });
}
