// What a socket may listen to: the end of its own session, and nothing of others.

import assert from 'node:assert/strict';
import { check, essential } from '../harness.mjs';
import { admin, desktop, desktopAgain, firefox, meteorError, user } from './scene.mjs';
import { refusedWith, soon } from './socket.mjs';

/** What each socket was told of the end of a session. */
export const told = { firefox: [], desktop: [], desktopAgain: [] };

export const NOT_ALLOWED = meteorError('not-allowed', 'Not allowed');

export async function subscribing() {
  await essential('each socket listens for the end of its session', async () => {
    for (const [name, sdk] of Object.entries({ firefox, desktop, desktopAgain })) {
      const subscription = sdk.stream('notify-user', `${user._id}/force_logout`, (...args) => told[name].push(args));
      await soon(subscription.ready(), 'ready');
    }
  });

  await check('a stranger’s end cannot be listened for, nor an unknown stream', async () => {
    const stranger = firefox.stream('notify-user', `${admin.userId}/force_logout`, () => undefined);
    assert.deepEqual(await refusedWith(stranger.ready()), NOT_ALLOWED);
    const unknown = await refusedWith(firefox.stream('no-such-stream', 'anything', () => undefined).ready());
    assert.equal(unknown.error, 404);
    assert.equal(firefox.connection.status, 'connected');
  });

  await check('what other servers also tell is accepted and stays silent', async () => {
    const silent = [
      ['notify-user', `${user._id}/notification`],
      ['notify-logged', 'user-status'],
      ['notify-all', 'public-settings-changed'],
    ];
    for (const [stream, event] of silent) {
      const subscription = firefox.stream(stream, event, () => told.firefox.push(event));
      await soon(subscription.ready(), `ready of ${event}`);
    }
  });

  await check('the end of a subscription is answered', async () => {
    const subscription = firefox.stream('notify-user', `${user._id}/message`, () => undefined);
    await soon(subscription.ready(), 'ready');
    const ended = await soon(firefox.client.unsubscribe(subscription.id), 'nosub');
    assert.deepEqual(ended, { msg: 'nosub', id: subscription.id });
    assert.deepEqual(await soon(firefox.client.unsubscribe('never-was'), 'nosub'), { msg: 'nosub', id: 'never-was' });
  });
}
