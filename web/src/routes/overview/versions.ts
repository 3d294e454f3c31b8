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

/** A version that nearly all have the first number of is told by its second one. */
const NEARLY_ALL = 0.9;

/** Versions by one number: their first, or, where nearly all share that and not the second, by that. */
function byNumber(versions: readonly Counted[]): {
  prefix: string;
  counts: Map<number, number>;
  total: number;
} {
  const known = versions
    .map(({ value, count }) => ({ of: numbers(value), count }))
    .filter(({ of }) => of.length > 0);
  const tally = (number: (of: number[]) => number | undefined) => {
    const counts = new Map<number, number>();
    for (const { of, count } of known) {
      const n = number(of);
      if (n !== undefined) counts.set(n, (counts.get(n) ?? 0) + count);
    }
    return counts;
  };
  const majors = tally(([major]) => major);
  const total = [...majors.values()].reduce((sum, count) => sum + count, 0);
  const [common] = [...majors].find(([, count]) => count >= total * NEARLY_ALL) ?? [];
  if (common === undefined) return { prefix: '', counts: majors, total };
  const minors = tally(([major = 0, minor = 0]) =>
    major === common ? minor : major < common ? -1 : Infinity,
  );
  const differ =
    [...minors].filter(([n, count]) => n >= 0 && n < Infinity && count >= total * SOME).length > 1;
  return differ ? { prefix: `${common}.`, counts: minors, total } : { prefix: '', counts: majors, total };
}

/** Groups versions by how far they are behind the newest, the newest first. Those without a number are not told. */
export function groups(versions: readonly Counted[]): Group[] {
  const { prefix, counts, total } = byNumber(versions);
  if (counts.size === 0) return [];
  const some = [...counts].filter(([n, count]) => n < Infinity && count >= total * SOME);
  const newest = Math.max(...(some.length > 0 ? some : [...counts]).map(([n]) => n));
  // Where each group begins.
  const bounds = [newest, ...BEHIND.map((n) => newest - n).filter((bound) => bound > 0), -Infinity];
  const sum = (from: number, below: number) =>
    [...counts].filter(([n]) => n >= from && n < below).reduce((sum, [, count]) => sum + count, 0);
  return bounds.map((from, i) => {
    const above = bounds[i - 1];
    const count = above === undefined ? sum(from, Infinity) + (counts.get(Infinity) ?? 0) : sum(from, above);
    const first = from === -Infinity ? undefined : `${prefix}${from}`;
    const next = above === undefined ? undefined : `${prefix}${above}`;
    return {
      terms: [...(first ? [`version>=${first}`] : []), ...(next ? [`version<${next}`] : [])],
      ...(first ? { first } : {}),
      ...(above === undefined || above === 0 ? {} : { last: `${prefix}${above - 1}` }),
      count,
    };
  });
}
