// Endpoints that rest-typings leaves to the server's own code, put together from the types that the packages have
// for what they answer.

import type { DeviceManagementPopulatedSession, DeviceManagementSession, IPermission, ISession } from '@rocket.chat/core-typings';
import type { DefaultEndpoints, PaginatedResult } from '@rocket.chat/rest-typings';

type Ended = { sessionId: string };

declare module '@rocket.chat/rest-typings' {
  interface Endpoints {
    '/v1/info': DefaultEndpoints['/info'];
    '/v1/sessions/list': { GET: (params: object) => PaginatedResult<{ sessions: DeviceManagementSession[] }> };
    '/v1/sessions/list.all': { GET: (params: object) => PaginatedResult<{ sessions: DeviceManagementPopulatedSession[] }> };
    '/v1/sessions/info': { GET: (params: object) => ISession };
    '/v1/sessions/info.admin': { GET: (params: object) => DeviceManagementPopulatedSession };
    '/v1/sessions/logout.me': { POST: (params: object) => Ended };
    '/v1/sessions/logout': { POST: (params: object) => Ended };
    '/v1/permissions.listAll': { GET: (params: object) => { update: IPermission[]; remove: IPermission[] } };
    '/v1/permissions.update': { POST: (params: object) => { permissions: IPermission[] } };
  }
}
