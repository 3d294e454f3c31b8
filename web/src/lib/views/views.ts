// What is known of saved views without asking the server.

import type { Schemas } from '../api/client';

export type View = Schemas['ListedView'];

/** One's own first, by name; then those of others. */
export function parted(views: readonly View[]): { own: View[]; others: View[] } {
  const sorted = [...views].sort(
    (a, b) => a.name.localeCompare(b.name) || a.user.username.localeCompare(b.user.username),
  );
  return { own: sorted.filter((view) => view.own), others: sorted.filter((view) => !view.own) };
}

/** Whether a name can stand in an address: one of dots alone would be taken for a way up. */
export function isName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..';
}
