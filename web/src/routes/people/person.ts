// Where a person's page is, how a person is found by id, and what their devices are called.

import { call, Refused, type Schemas } from '../../lib/api/client';
import { link } from '../../lib/router.svelte';
import { proven } from '../../lib/state/step-up.svelte';
import { t } from '../../lib/text/text';
import { visible } from '../../lib/ui/visible';

type User = Schemas['UserItem'];

/** What a person is called: the name, or the username where there is none. */
export function nameOf({ name, username }: { name: string | null; username: string }): string {
  return name?.trim() ? name : username;
}

/** The same within a sentence, where it must not look like more than a name. */
export function called(user: { name: string | null; username: string }): string {
  const shown = visible(nameOf(user));
  return shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
}

/** The page of a person. The name goes with it, since the server finds people by names only. */
export function personLink({ id, username }: { id: string; username: string | null }): string {
  return link(`/people/${encodeURIComponent(id)}`, username === null ? {} : { user: username });
}

/** The user of this id, who may be called so; `undefined` when there is none. */
export async function findPerson(id: string, called: string): Promise<User | undefined> {
  const hinted = called === '' ? undefined : await among(id, called);
  if (hinted) return hinted;
  const username = await usernameOf(id);
  return (username === undefined ? undefined : await among(id, username)) ?? (await among(id, ''));
}

/** Looks through all whom a text finds. */
async function among(id: string, q: string): Promise<User | undefined> {
  let cursor: string | null = '';
  while (cursor !== null) {
    const query = { q, limit: 1000, ...(cursor === '' ? {} : { cursor }) };
    const page: Schemas['UserPage'] = await proven(t('person.act.find'), (code) =>
      call('get', '/api/v2/users', { query }, { code }),
    );
    const found = page.items.find((user) => user.id === id);
    if (found) return found;
    cursor = page.next;
  }
  return undefined;
}

/** What the sessions of an id say of its name; nothing where there are none, or where they may not be seen. */
async function usernameOf(id: string): Promise<string | undefined> {
  try {
    const page = await proven(t('person.act.find'), (code) =>
      call('get', '/api/v2/users/{id}/sessions', { path: { id }, query: { limit: 1 } }, { code }),
    );
    return page.items[0]?.username;
  } catch (error) {
    if (error instanceof Refused && error.is('no-such-user', 'not-permitted')) return undefined;
    throw error;
  }
}

/** What a session runs on, as people call it: `Chrome 131 on Windows 10`. */
export function device(session: Schemas['Session']): string {
  const joined = (name: string, version: string | null) =>
    [name, version?.split('.')[0]].filter(Boolean).join(' ');
  const browser = session.device_name === '' ? '' : joined(session.device_name, session.device_version);
  const os = session.os_name === '' ? '' : joined(session.os_name, session.os_version);
  if (browser && os) return t('person.device.on', { device: browser, os });
  return browser || os || t('person.device.unknown');
}
