// Where a long list stands behind a scrollbar. Browsers hold no element higher than some ten million pixels, so a list that is
// higher has a bar of that height: near steps move the rows as far as the bar, far ones in proportion.

/** The height in pixels that every browser can scroll. */
export const TALLEST = 12_000_000;

export interface Extent {
  rows: number;
  /** Height of a row. */
  row: number;
  /** Height of what is seen at once. */
  view: number;
}

/** How high the list would be. */
export function whole({ rows, row }: Extent): number {
  return rows * row;
}

/** How high the scrolled element is. */
export function tall(extent: Extent): number {
  return Math.min(whole(extent), TALLEST);
}

/** How far the list can be scrolled. */
export function furthest(extent: Extent): number {
  return Math.max(0, whole(extent) - extent.view);
}

function bounded(top: number, extent: Extent): number {
  return Math.min(Math.max(0, top), furthest(extent));
}

/** Where the bar stands when the list is scrolled so far. */
export function barAt(top: number, extent: Extent): number {
  const far = furthest(extent);
  if (far === 0 || tall(extent) === whole(extent)) return bounded(top, extent);
  return (bounded(top, extent) / far) * (tall(extent) - extent.view);
}

/** How far the list is scrolled when its bar went from one place to another. */
export function follow(top: number, before: number, now: number, extent: Extent): number {
  const end = tall(extent) - extent.view;
  if (tall(extent) === whole(extent)) return bounded(now, extent);
  if (now <= 0) return 0;
  if (now >= end - 1) return furthest(extent);
  if (Math.abs(now - before) <= 2 * extent.view) return bounded(top + now - before, extent);
  return bounded((now / end) * furthest(extent), extent);
}

/** How far to scroll so that a row is wholly seen, and no further. */
export function revealing(index: number, top: number, extent: Extent): number {
  const above = index * extent.row;
  if (above < top) return bounded(above, extent);
  if (above + extent.row > top + extent.view) return bounded(above + extent.row - extent.view, extent);
  return bounded(top, extent);
}
