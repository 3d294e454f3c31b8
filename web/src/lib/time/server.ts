// The server's time: this machine's clock may be off.

/** A header tells whole seconds, and is on its way for a while: less than this is no difference. */
const SLACK = 5_000;

/** How far this machine's clock is ahead, in milliseconds, once an answer told it. */
let ahead: number | undefined;

/** Takes the time from the first answer's `Date`; a clock that is set meanwhile needs the page anew. */
export function heard(date: string | null): void {
  if (ahead !== undefined || date === null) return;
  const by = Date.now() - Date.parse(date);
  ahead = Math.abs(by) > SLACK ? by : 0;
}

export function serverTime(): Date {
  return new Date(Date.now() - (ahead ?? 0));
}
