// Events of the ledger in plain words: which sentence of the catalogue tells one, and what stands in its gaps.

import type { Schemas } from '../../lib/api/client';
import { en } from '../../lib/text/en';
import { link } from '../../lib/link';
import { count, t, type Key } from '../../lib/text/text';

export type Event = Schemas['Event'];

/** A piece of a sentence: words of ours, somebody, or somebody else's words. */
export type Piece = { words: string } | { who: 'actor' | 'subject' } | { theirs: string };

type Detail = Record<string, unknown>;

/** An event's details as a record; empty where they were forgotten. */
export function detailOf(event: Event): Detail {
  const { detail } = event;
  return typeof detail === 'object' && detail !== null && !Array.isArray(detail) ? (detail as Detail) : {};
}

/** The first of these sentences that the catalogue has. */
function known(...keys: string[]): Key {
  return keys.find((key): key is Key => key in en) ?? 'event.other';
}

/** Whether somebody did it to themselves. */
function isOwn(event: Event): boolean {
  const actor = event.actor;
  return actor !== null && 'id' in actor && actor.id === event.subject?.id;
}

/** Which of the sentences of its kind an event is told by. */
function variant(event: Event, detail: Detail): string {
  switch (event.kind) {
    case 'session.ended':
    case 'request.refused':
      return String(detail.reason);
    case 'mail.queued':
      return String(detail.about);
    case 'factor.enrolled':
    case 'factor.used':
      return String(detail.factor);
    case 'sessions.read':
      return `${String(detail.endpoint).includes('/audit') ? 'audit.' : ''}${detail.filter ? '' : 'all'}`;
    default:
      return isOwn(event) ? 'own' : '';
  }
}

/** What a detail is as text. */
function text(value: unknown): string {
  if (Array.isArray(value)) return value.map(text).join(', ');
  if (typeof value === 'number') return count(value);
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What stands in a gap of that name. */
function filling(event: Event, detail: Detail, gap: string): string {
  switch (gap) {
    case 'kind':
      return event.kind;
    case 'fields':
      return Object.keys(detail)
        .map((field) => (`field.${field}` in en ? t(`field.${field}` as Key) : field))
        .join(', ');
    case 'permissions':
      return Object.keys(detail).join(', ');
    case 'filter':
      return text(detail.filter) || t('audit.all.sessions');
    case 'endpoint':
      return text(detail.endpoint).replace(/^\/api\//, '');
    case 'reason':
      return text(detail.reason).replaceAll('-', ' ');
    default:
      return text(detail[gap]);
  }
}

/** An event told in a sentence. */
export function sentence(event: Event): Piece[] {
  const detail = detailOf(event);
  const which = variant(event, detail).replace(/\.$/, '');
  const key = known(`event.${event.kind}.${which}`, `event.${event.kind}`);
  const counted = detail.ended ?? detail.count;
  const template = t(key, typeof counted === 'number' ? { n: counted } : {});
  return template
    .split(/(\{\w+\})/)
    .filter((part) => part !== '')
    .map((part) => {
      const gap = /^\{(\w+)\}$/.exec(part)?.[1];
      if (gap === undefined) return { words: part };
      if (gap === 'actor' || gap === 'subject') return { who: gap };
      return { theirs: filling(event, detail, gap) };
    });
}

/** Where that is seen which an event is about, beside somebody and a session. */
export function touched(event: Event): { key: Key; href: string } | undefined {
  const detail = detailOf(event);
  const isOfSessions =
    event.kind.startsWith('revocation.') ||
    (event.kind === 'sessions.read' && !variant(event, detail).startsWith('audit.'));
  if (event.kind.startsWith('service-token.'))
    return { key: 'audit.touched.tokens', href: '/service-tokens' };
  if (!isOfSessions || typeof detail.filter !== 'string') return undefined;
  const at = typeof detail.as_of === 'number' ? { as_of: new Date(detail.as_of).toISOString() } : {};
  return { key: 'audit.touched.filter', href: link('/sessions', { q: detail.filter, ...at }) };
}

/** How often a read or a refusal was met before it was written down, where that was more than once. */
export function times(event: Event): number | undefined {
  const { times: n } = detailOf(event);
  return typeof n === 'number' && n > 1 ? n : undefined;
}

/** The details as rows of names and values. */
export function rows(event: Event): [string, string][] {
  return Object.entries(detailOf(event)).map(([name, value]) => [
    name.replaceAll('_', ' '),
    shown(name, value),
  ]);
}

/** Details keep some times as milliseconds: a reader gets instants. */
function shown(name: string, value: unknown): string {
  const isTime = typeof value === 'number' && ['until', 'due', 'as_of'].includes(name);
  return isTime ? new Date(value).toISOString() : text(value);
}
