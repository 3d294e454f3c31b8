// What a reader chose for this browser.

export type Theme = 'system' | 'light' | 'dark';
export type Times = 'relative' | 'absolute';

const KEY = 'rollcall';

interface Chosen {
  theme: Theme;
  times: Times;
  /** Whether single keys do something (WCAG 2.1.4: they can be switched off). */
  keys: boolean;
  /** Columns of the sessions' table, in order, with their widths in pixels. */
  columns: Record<string, number> | null;
}

const DEFAULT: Chosen = { theme: 'system', times: 'relative', keys: true, columns: null };

function read(): Chosen {
  try {
    return { ...DEFAULT, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Chosen>) };
  } catch {
    return DEFAULT;
  }
}

let chosen = $state.raw(read());

function show(): void {
  document.documentElement.dataset.theme = chosen.theme;
}

show();

export const settings = {
  get chosen(): Chosen {
    return chosen;
  },

  choose(change: Partial<Chosen>): void {
    chosen = { ...chosen, ...change };
    show();
    try {
      localStorage.setItem(KEY, JSON.stringify(chosen));
    } catch {
      // A browser that keeps nothing shows it until it is closed.
    }
  },
};
