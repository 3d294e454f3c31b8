// The time as pages show it: one timer for all, which rests while nobody looks.

import { serverTime } from './server';

let now = $state.raw(serverTime());

setInterval(() => {
  if (!document.hidden) now = serverTime();
}, 1000);

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) now = serverTime();
});

export const clock = {
  /** Now, to the second. */
  get now(): Date {
    return now;
  },
};
