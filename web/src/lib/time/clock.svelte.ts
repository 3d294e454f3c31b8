// The time as pages show it: one timer for all, which rests while nobody looks.

let now = $state.raw(new Date());

setInterval(() => {
  if (!document.hidden) now = new Date();
}, 1000);

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) now = new Date();
});

export const clock = {
  /** Now, to the second. */
  get now(): Date {
    return now;
  },
};
