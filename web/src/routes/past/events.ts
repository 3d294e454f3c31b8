// What an event about a session says, in words.

import type { Schemas } from '../../lib/api/client';
import { en } from '../../lib/text/en';
import { t, type Key } from '../../lib/text/text';

type Event = Schemas['Event'];

/** A member of an event's detail, where it is a text. */
function detail(event: Event, name: string): string {
  const all = event.detail as Record<string, unknown> | null | undefined;
  const value = all?.[name];
  return typeof value === 'string' ? value : '';
}

const known = (key: string): key is Key => key in en;

/** What happened, and from which address. */
export function happened(event: Event): { what: string; from: string } {
  if (event.kind === 'session.opened') return { what: t('past.event.opened'), from: detail(event, 'ip') };
  if (event.kind !== 'session.ended') return { what: t('past.event.other', { kind: event.kind }), from: '' };
  const reason = detail(event, 'reason');
  const key = `past.reason.${reason}`;
  return { what: t('past.event.ended', { reason: known(key) ? t(key) : reason }), from: '' };
}

/** Who did it. */
export function actor({ actor }: Event): string {
  if (!actor) return t('past.event.erased');
  if ('service' in actor) return t('past.event.program', { name: actor.service.name ?? actor.service.id });
  if ('kind' in actor) return t(`past.actor.${actor.kind}`);
  return actor.username ?? t('past.event.erased');
}

/** Whether somebody else than the user did it; what ends by time is done by the server, and its reason says so. */
export function isByAnother({ actor, subject }: Event): boolean {
  if (!actor || 'kind' in actor) return false;
  return 'service' in actor || actor.id !== subject?.id;
}
