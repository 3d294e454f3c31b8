// Where our answers are not what the published types say, on purpose: `at` that object of an answer (`[]` stands for
// each element of a list) there is `extra` what the type does not name, or `missing` what it asks for, here with a
// value that would fit. One that no answer shows, or that the types allow by now, is an error.

const DATE = '2026-11-23T12:00:00.000Z';

export const DEPARTURES = [
  {
    of: ['POST /v1/login'],
    status: 401,
    at: '',
    extra: ['details'],
    reason: 'A sign-in is asked for its second factor by a 401, which says by which method; the type has that for a 400 only.',
  },
  {
    of: ['POST /v1/logout', 'GET /v1/logout'],
    at: '',
    extra: ['status', 'data'],
    missing: { message: '' },
    reason: 'Servers have always put the message into `data`, as sign-in does; the type forgets it.',
  },
  {
    of: ['GET /v1/me'],
    at: '',
    missing: { isOAuthUser: false },
    reason: 'There are no accounts of other services here; the documents do not have it.',
  },
  {
    of: ['GET /v1/me'],
    at: 'settings',
    missing: { calendar: {} },
    reason: 'There is no calendar here.',
  },
  {
    of: ['GET /v1/info', 'GET /info'],
    at: '',
    extra: ['info'],
    reason: 'It holds the version alone: nothing about the machine that the server runs on.',
  },
  {
    of: ['GET /v1/info', 'GET /info'],
    at: '',
    extra: ['minimumClientVersions'],
    reason: 'Servers send it; the type forgets it.',
  },
  {
    of: ['GET /v1/users.list'],
    at: 'users[]',
    extra: ['nameInsensitive'],
    reason: 'Servers send it, the documents show it; the type forgets it.',
  },
  {
    of: ['GET /v1/users.info'],
    at: 'user',
    missing: { createdAt: DATE, _updatedAt: DATE, roles: [] },
    reason: 'Who may not see all of another user gets seven fields of it. The type knows only those who may.',
  },
  {
    of: ['POST /v1/users.setActiveStatus'],
    at: 'user',
    missing: { createdAt: DATE, _updatedAt: DATE, roles: [], type: 'user' },
    reason: 'Servers and the documents have only `_id` and `active`; the type promises the whole user.',
  },
  {
    of: ['POST /v1/users.delete'],
    at: '',
    extra: ['deletedRooms'],
    reason: 'The documents have it; the type gives nothing at all.',
  },
  {
    of: ['GET /v1/roles.list'],
    at: 'roles[]',
    missing: { _updatedAt: DATE },
    reason: 'Roles are built in and never change; the documents leave it out.',
  },
  {
    of: ['POST /v1/roles.addUserToRole', 'POST /v1/roles.removeUserFromRole'],
    at: 'role',
    missing: { _updatedAt: DATE },
    reason: 'As in roles.list.',
  },
];
