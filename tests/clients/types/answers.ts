// What an answer must be assignable to: the published clients' own types, read as api-client reads them.

import type { hasRequiredTwoFactorMethod } from '@rocket.chat/api-client/dist/errors';
import type { Serialized } from '@rocket.chat/core-typings';
import type {
  Method,
  OperationResult,
  PathPattern,
  validateBadRequestErrorResponse,
  validateForbiddenErrorResponse,
  validateInternalErrorResponse,
  validateNotFoundErrorResponse,
  validateUnauthorizedErrorResponse,
} from '@rocket.chat/rest-typings';
import './endpoints';

/** A 200: what the endpoint gives, as JSON carries it. One that gives nothing says only that it went well. */
export type Success<M extends Method, P extends PathPattern> = { success: true } & ([OperationResult<M, P>] extends [void]
  ? unknown
  : Written<Serialized<OperationResult<M, P>>>);

/** Of an enum JSON has the text: `'online'` where the type says `UserStatus.ONLINE`. */
type Written<T> = 0 extends T & 1 ? any : T extends string ? `${T}` : T extends object ? { [K in keyof T]: Written<T[K]> } : T;

type Validated<V> = V extends (data: any, ...rest: any[]) => data is infer Body ? Body : never;
type Guarded<G> = G extends (error: unknown) => error is infer Shape ? Shape : never;

/** The refusals that the packages describe, by status. */
export type Refusal = {
  400: Validated<typeof validateBadRequestErrorResponse>;
  401: Validated<typeof validateUnauthorizedErrorResponse>;
  403: Validated<typeof validateForbiddenErrorResponse>;
  404: Validated<typeof validateNotFoundErrorResponse>;
  500: Validated<typeof validateInternalErrorResponse>;
};

/** A 400 that asks for a second factor: what api-client must find in it to call back. More may stand in `details`. */
export type Question = Refusal[400] & {
  errorType: 'totp-required' | 'totp-invalid';
  details: Guarded<typeof hasRequiredTwoFactorMethod>['details'] & Record<string, unknown>;
};
