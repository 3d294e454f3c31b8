// What happened next to an instant: the nearest events of each side. The audit gives the newest first, so what came after is
// looked for in ever longer stretches.

/** Events at the most, of each side. */
export const EACH = 100;
/** The parts of the whole stretch that are looked at, one after the other. */
const PARTS = [64, 8, 1];
/** So many events of a part are read at the most. */
const READ = 1000;

export interface Side<E> {
  /** The newest first. */
  items: E[];
  /** Whether there are more, further away. */
  more: boolean;
}

/** Reads so many events of a filter at the most, the newest first. */
export type Read<E> = (q: string, most: number) => Promise<Side<E>>;

const iso = (at: number) => new Date(at).toISOString();

/** The filter of all that happened around an instant. */
export function filter(at: number, length: number): string {
  return `kind:session.* at>=${iso(at - length)} at<=${iso(at + length)}`;
}

/** What happened at the instant and before. */
export function before<E>(read: Read<E>, at: number, length: number): Promise<Side<E>> {
  return read(`kind:session.* at>=${iso(at - length)} at<=${iso(at)}`, EACH);
}

/** What happened after it. */
export async function after<E>(read: Read<E>, at: number, length: number): Promise<Side<E>> {
  for (const part of PARTS) {
    const { items, more } = await read(`kind:session.* at>${iso(at)} at<=${iso(at + length / part)}`, READ);
    if (part === 1 || more || items.length >= EACH) {
      return { items: items.slice(-EACH), more: more || items.length > EACH || part > 1 };
    }
  }
  return { items: [], more: false };
}
