// Calls that compile, and calls that must not.

import { Client, Refused } from './client';

const client = new Client('http://localhost:3000', 'token');

export async function right(): Promise<string[]> {
  const page = await client.call('get', '/api/v2/sessions', { query: { q: 'os:windows', limit: 10, facets: 'os' } });
  const names: string[] = page.items.map((session) => session.device_name);
  const windows: number | undefined = page.facets?.['os']?.values[0]?.count;
  const one = await client.call('get', '/api/v2/sessions/{id}', { path: { id: page.items[0]?.id ?? '' } });
  const ended: string | null = one.ended_at;
  const frozen = await client.call('post', '/api/v2/revocations/preview', { body: { q: 'user:zoe' } });
  const receipt = await client.call('post', '/api/v2/revocations', {
    body: { preview: frozen.preview, digest: frozen.digest, reason: 'left the company' },
  });
  const state: 'previewed' | 'running' | 'finished' = receipt.state;
  await client.call('delete', '/api/v2/sessions/{id}', { path: { id: one.id } });
  await client.call('put', '/api/v2/views/{name}', { path: { name: 'mine' }, body: { q: 'current:yes' } });
  const v1 = await client.call('get', '/api/v1/sessions/list.all', { query: { count: 50 } });
  return [...names, state, String(windows), String(ended), ...v1.sessions.map((row) => row._user.username)];
}

export async function wrong(): Promise<void> {
  // @ts-expect-error: no such path
  await client.call('get', '/api/v2/session/list', {});
  // @ts-expect-error: the path has no such method
  await client.call('put', '/api/v2/sessions', {});
  // @ts-expect-error: no such parameter
  await client.call('get', '/api/v2/sessions', { query: { filter: 'zoe' } });
  // @ts-expect-error: of another type
  await client.call('get', '/api/v2/sessions', { query: { limit: 'ten' } });
  // @ts-expect-error: the name in the path is missing
  await client.call('get', '/api/v2/sessions/{id}', {});
  // @ts-expect-error: a part of the body is missing
  await client.call('post', '/api/v2/revocations', { body: { preview: 'p' } });
  const page = await client.call('get', '/api/v2/sessions', {});
  // @ts-expect-error: an item has no such member
  page.items[0]?.browser;
}

export function toldApart(refusal: Refused): boolean {
  // @ts-expect-error: no such problem
  if (refusal.problem.type === '/problems/step-up') return false;
  return refusal.problem.type === '/problems/step-up-required';
}
