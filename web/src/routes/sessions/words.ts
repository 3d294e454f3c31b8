// Words of the API in the reader's: kinds, reasons, how many, and who did something.

import type { Schemas } from '../../lib/api/client';
import { en } from '../../lib/text/en';
import { t, type Key } from '../../lib/text/text';

/** The text for a word of the API; the word itself where there is none yet. */
function said(group: string, word: string): string {
  const key = `${group}.${word}`;
  return key in en ? t(key as Key) : word;
}

export const kindOfEvent = (kind: string) => said('kind', kind);
export const kindOfClient = (type: string) => said('type', type);
export const reasonText = (reason: string | null) =>
  reason === null ? t('reason.elsewhere') : said('reason', reason);

/** How many sessions a filter finds. */
export const foundText = (q: string, n: number) => t(q ? 'sessions.found.match' : 'sessions.found', { n });

/** A name and its version, as far as they are known. */
export function versioned(name: string, version: string | null): string {
  return [name, version].filter(Boolean).join(' ');
}

/** A device as one says it: `Chrome 146 on Windows 10`. */
export function device(session: Pick<Schemas['Session'], 'device_name' | 'os_name'>): string {
  const { device_name: name, os_name: os } = session;
  if (name && os) return t('details.deviceOn', { device: name, os });
  return name || os || t('details.unknownDevice');
}

/** Who did something, and the user's id where it was one. */
export function actor(actor: Schemas['EventActor'] | null): { name: string; id?: string } | undefined {
  if (!actor) return undefined;
  if ('service' in actor) return { name: actor.service.name ?? actor.service.id };
  if ('kind' in actor) return { name: said('actor', actor.kind) };
  return { name: actor.username ?? actor.id, id: actor.id };
}
