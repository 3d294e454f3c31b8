// How far back the overview looks.

export const DAYS = [7, 30, 90] as const;

/** Of these the one that an address names, or the usual one. */
export function chosen<T extends number>(text: string, among: readonly T[], usual: T): T {
  return among.find((n) => String(n) === text) ?? usual;
}

/** How far the points of a curve over so many days are apart. */
export function step(days: number): string {
  if (days <= 7) return '1h';
  return days <= 30 ? '3h' : '6h';
}
