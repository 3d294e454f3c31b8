// What a screen reader is told of what changed, politely, one thing at a time.

let said = $state.raw('');

export const announcer = {
  get said(): string {
    return said;
  },
};

export function announce(text: string): void {
  // The same words twice are told twice.
  said = said === text ? `${text}\u00a0` : text;
}
