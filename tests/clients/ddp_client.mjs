// Drives a running server with the published @rocket.chat/ddp-client: its sockets, and its REST client beside them.
//
// An administrator makes a throw-away user, who signs in on two sockets and resumes on a third. They listen for the end
// of their session; the administrator, on a socket too, lists them and ends one. A second user signs in with an
// authenticator. Ten password logins in all: the default limit is ten a minute. README.md says how to run it.

import { authenticating } from './ddp_client/authenticator.mjs';
import { ending, leaving } from './ddp_client/endings.mjs';
import { listing } from './ddp_client/lists.mjs';
import { asking, connecting, signingIn } from './ddp_client/scene.mjs';
import { hangUp } from './ddp_client/socket.mjs';
import { subscribing } from './ddp_client/subscriptions.mjs';
import { Stop, finish, note } from './harness.mjs';
import { lookingBack } from './looking_back.mjs';
import { keepAnswers } from './wire.mjs';

try {
  await connecting();
  await signingIn();
  await asking();
  await subscribing();
  await listing();
  await ending();
  await authenticating();
} catch (problem) {
  if (!(problem instanceof Stop)) throw problem;
  note('cannot go on without this');
} finally {
  await leaving();
  await hangUp();
  await lookingBack();
  keepAnswers('ddp_client');
  finish();
}
