// Shows a receipt outside of the page: the act may have ended the session that the page is of, and what it did is told all
// the same.

import { mount, unmount } from 'svelte';
import type { Line } from './receipt';
import Receipt from './Receipt.svelte';

export interface Shown {
  said: string[];
  lines: Line[];
  /** The receipt as the server gave it. */
  data: object;
  /** What the file is called. */
  file: string;
  onclose: () => void;
}

export function showReceipt(shown: Shown): void {
  const target = document.createElement('div');
  target.className = 'receipt';
  document.body.append(target);
  const onclose = () => {
    void unmount(receipt);
    target.remove();
    shown.onclose();
  };
  const receipt = mount(Receipt, { target, props: { ...shown, onclose } });
}
