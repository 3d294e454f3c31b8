// Where the reader is. All that a page shows follows from its address, so that a link shows the same to others.

import { link } from './link';

/** A page's address, taken apart. */
export interface Place {
  path: string;
  query: URLSearchParams;
}

function here(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

let place = $state.raw<Place>(here());

addEventListener('popstate', () => {
  place = here();
});

export const router = {
  get path(): string {
    return place.path;
  },

  get query(): URLSearchParams {
    return place.query;
  },

  /** One value of the query; empty where it is not said. */
  get(name: string): string {
    return place.query.get(name) ?? '';
  },

  /** Goes to an address of ours. */
  go(to: string, { replace = false } = {}): void {
    if (to === location.pathname + location.search) return;
    if (replace) history.replaceState(null, '', to);
    else history.pushState(null, '', to);
    const moved = place.path !== location.pathname;
    place = here();
    if (moved) scrollTo(0, 0);
  },

  /** Stays, with some values of the query changed; empty ones are left out. */
  set(values: Record<string, string | undefined>, { replace = false } = {}): void {
    this.go(this.with(values), { replace });
  },

  /** The address that `set` would go to. */
  with(values: Record<string, string | undefined>): string {
    const query = new URLSearchParams(place.query);
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined || value === '') query.delete(name);
      else query.set(name, value);
    }
    return link(place.path, query);
  },
};

export { link };

/** Lets plain links of ours change the place without loading the page anew. */
export function followLinks(event: MouseEvent): void {
  const anchor = (event.target as Element | null)?.closest('a');
  if (!anchor || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (anchor.target || anchor.hasAttribute('download') || anchor.origin !== location.origin) return;
  if (anchor.pathname.startsWith('/api/') || anchor.hash) return;
  event.preventDefault();
  router.go(anchor.pathname + anchor.search);
}
