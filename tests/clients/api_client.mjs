// Drives a running server with the published @rocket.chat/api-client, and beside it with bare calls and with curl.
//
// One administrator signs in and makes a throw-away user, who signs in from four devices. Then everything is asked of
// these five sessions; they end, each in another way, and the last of the user's with the user. A second administrator
// enrols an authenticator, then codes by mail, and goes again. Ten password logins in all: the default limit is ten a
// minute. README.md says how to run it.

import { authenticating, deactivating } from './api_client/authenticator.mjs';
import { ending, leaving } from './api_client/endings.mjs';
import { limiting } from './api_client/limits.mjs';
import { filtering, paging, sorting } from './api_client/lists.mjs';
import { lookingAtOne, theUsersOwn } from './api_client/looking.mjs';
import { lookingBack } from './looking_back.mjs';
import { mailing } from './api_client/mail.mjs';
import { refusing } from './api_client/refusals.mjs';
import { signingIn, steppingUp } from './api_client/scene.mjs';
import { Stop, finish, note } from './harness.mjs';
import { keepAnswers } from './wire.mjs';

try {
  await signingIn();
  await steppingUp();
  await sorting();
  await paging();
  await filtering();
  await lookingAtOne();
  await theUsersOwn();
  await refusing();
  await authenticating();
  await mailing();
  await deactivating();
  await ending();
  await limiting();
} catch (problem) {
  if (!(problem instanceof Stop)) throw problem;
  note('cannot go on without this');
} finally {
  await leaving();
  await lookingBack();
  keepAnswers('api_client');
  finish();
}
