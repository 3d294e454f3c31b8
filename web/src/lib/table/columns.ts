// Columns of a table: which are shown and how wide, as the reader chose.

export interface Column {
  name: string;
  label: string;
  /** Pixels. */
  width: number;
  /** What the API sorts by, where it does. */
  sort?: string;
}

export const NARROWEST = 72;
export const WIDEST = 900;

/** How wide a column may be. */
export function bounded(width: number): number {
  return Math.round(Math.min(WIDEST, Math.max(NARROWEST, Number.isFinite(width) ? width : NARROWEST)));
}

/** The columns to show: the chosen ones with their widths, in their own order. At least one is. */
export function shown(
  all: readonly Column[],
  first: readonly string[],
  chosen: Record<string, number> | null,
): Column[] {
  const names = chosen ?? Object.fromEntries(first.map((name) => [name, 0]));
  const found = all.filter(({ name }) => name in names);
  if (found.length === 0) return shown(all, first, null);
  return found.map((column) => ({
    ...column,
    width: names[column.name] ? bounded(names[column.name] ?? 0) : column.width,
  }));
}

/** What is kept of the columns that are shown. */
export function kept(columns: readonly Column[]): Record<string, number> {
  return Object.fromEntries(columns.map(({ name, width }) => [name, width]));
}
