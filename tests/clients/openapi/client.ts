// A fetch whose paths, parameters, bodies and answers are those of the OpenAPI document.

import type { components, paths } from './api';

type Method = 'get' | 'post' | 'put' | 'delete';
type Operation<P extends keyof paths, M extends Method> = Exclude<paths[P][M & keyof paths[P]], undefined>;
type PathOf<M extends Method> = {
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

export type Problem = components['schemas']['Problem'];

/** What is thrown for whatever is refused. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}

/** A server, and who calls it. */
export class Client {
  constructor(
    readonly base: string,
    readonly token: string,
  ) {}

  /** Calls an operation; `undefined` where there is nothing to say. */
  async call<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    given: Parameters<Operation<P, M>> & Body<Operation<P, M>>,
  ): Promise<Success<Operation<P, M>>> {
    const { path: named, query, body } = given as { path?: object; query?: object; body?: unknown };
    const filled = Object.entries(named ?? {}).reduce(
      (left, [name, value]) => left.replace(`{${name}}`, encodeURIComponent(String(value))),
      path as string,
    );
    const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]));
    const answer = await fetch(`${this.base}${filled}?${search}`, {
      method: method.toUpperCase(),
      headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Refused((await answer.json()) as Problem);
    return (answer.status === 204 ? undefined : await answer.json()) as Success<Operation<P, M>>;
  }
}
