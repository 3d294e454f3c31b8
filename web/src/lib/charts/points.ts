// The points of a curve.

import { nearest } from './scale';

/** How many sessions were live at an instant. */
export interface Point {
  at: number;
  live: number;
}

/** The place of the point nearest to an instant. */
export function placeOf(points: readonly Point[], at: number): number {
  return nearest(
    points.map((point) => point.at),
    at,
  );
}

/** The least and the most that there were. */
export function bounds(points: readonly Point[]): { least: number; most: number } {
  const counts = points.map((point) => point.live);
  return { least: Math.min(...counts), most: Math.max(...counts) };
}
