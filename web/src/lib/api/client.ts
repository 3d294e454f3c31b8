// The one way to the server: paths, parameters, bodies and answers are those of its OpenAPI document.

import { heard } from '../time/server';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
export type Problem = Schemas['Problem'] & {
  /** With `step-up-*`: what is expected, and what the user has. */
  method?: string;
  methods?: string[];
  /** Whether a code was just mailed. */
  code_mailed?: boolean;
  /** With whatever is locked or limited: until when. */
  until?: string;
  /** With a filter that is none: where in it, counted from 1. */
  column?: number;
  length?: number;
  expected?: string;
  nearest?: string;
};

type Method = 'get' | 'post' | 'put' | 'delete';
type Operation<P extends keyof paths, M extends Method> = Exclude<paths[P][M & keyof paths[P]], undefined>;
export type PathOf<M extends Method> = {
  [P in keyof paths]: Operation<P, M> extends { responses: unknown } ? P : never;
}[keyof paths];

type Parameters<O> = O extends { parameters: { path?: infer P; query?: infer Q } }
  ? ([P] extends [undefined] ? { path?: never } : { path: P }) & { query?: Q }
  : never;
type Body<O> = O extends { requestBody: { content: { 'application/json': infer B } } }
  ? { body: B }
  : O extends { requestBody?: { content: { 'application/json': infer B } } }
    ? { body?: B }
    : { body?: never };
type Json<R> = R extends { content: { 'application/json': infer T } } ? T : never;
type Success<O> = O extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 202)]> : never;

/** A code of a second factor, and which factor's it is. */
export interface Code {
  method: string;
  code: string;
}

/** How a call is made, beside what is asked. */
export interface Manner {
  code?: Code | undefined;
  signal?: AbortSignal | undefined;
}

/** The server answered, and refused. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }

  /** The last part of the problem's type: `not-permitted`. */
  get kind(): string {
    return this.problem.type.replace('/problems/', '');
  }

  is(...kinds: string[]): boolean {
    return kinds.includes(this.kind);
  }
}

/** The server did not answer, or not in its own words: it is gone, or something stands in the way. */
export class Unreachable extends Error {}

/** The address of a call, for links and streams too. */
export function address(path: string, named: object = {}, query: object = {}): string {
  const filled = Object.entries(named).reduce(
    (left, [name, value]) => left.replace(`{${name}}`, encodeURIComponent(String(value))),
    path,
  );
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return search ? `${filled}?${search}` : filled;
}

/** Calls an operation; `undefined` where there is nothing to say. */
export async function call<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  given: Parameters<Operation<P, M>> & Body<Operation<P, M>>,
  { code, signal }: Manner = {},
): Promise<Success<Operation<P, M>>> {
  const { path: named, query, body } = given as { path?: object; query?: object; body?: unknown };
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (code) {
    headers['x-2fa-method'] = code.method;
    headers['x-2fa-code'] = code.code;
  }
  const answer = await fetch(address(path as string, named, query), {
    method: method.toUpperCase(),
    headers,
    credentials: 'same-origin',
    ...(signal ? { signal } : {}),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new Unreachable(String(error));
  });
  heard(answer.headers.get('date'));
  if (answer.ok) {
    const text = await answer.text();
    return (text === '' ? undefined : JSON.parse(text)) as Success<Operation<P, M>>;
  }
  const problem = (await answer.json().catch(() => undefined)) as Problem | undefined;
  if (problem?.type === undefined) throw new Unreachable(`${answer.status} without a problem document`);
  throw new Refused(problem);
}
