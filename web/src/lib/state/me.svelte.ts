// Who is signed in in this browser, and what they may do.

import { call, Refused, type Code, type Schemas } from '../api/client';

export type Me = Schemas['Myself'];
type State = { is: 'asking' } | { is: 'out'; ended: boolean } | { is: 'in'; me: Me } | { is: 'unreachable' };

let state = $state.raw<State>({ is: 'asking' });
/** Who was signed in last: pages stay as they are while their reader signs in again. */
let known = $state.raw<Me>();

function enter(me: Me): void {
  known = me;
  state = { is: 'in', me };
}

export const session = {
  get state(): State {
    return state;
  },

  /** The signed-in user. Only pages behind the sign-in ask. */
  get me(): Me {
    if (!known) throw new Error('nobody is signed in');
    return known;
  },

  may(permission: string): boolean {
    return known?.permissions.includes(permission) ?? false;
  },

  /** Asks the server who it is. */
  async refresh(): Promise<void> {
    try {
      enter(await call('get', '/api/v2/me', {}));
    } catch (error) {
      if (error instanceof Refused && error.is('not-signed-in'))
        state = { is: 'out', ended: state.is === 'in' || (state.is === 'out' && state.ended) };
      else if (state.is !== 'in') state = { is: 'unreachable' };
    }
  },

  async signIn(user: string, password: string, code?: Code): Promise<void> {
    enter(await call('post', '/api/v2/session', { body: { user, password } }, { code }));
  },

  async signOut(): Promise<void> {
    await call('delete', '/api/v2/session', {});
    state = { is: 'out', ended: false };
  },

  /** What a refusal says of the session: it has ended, elsewhere or by time. */
  ended(): void {
    if (state.is === 'in') state = { is: 'out', ended: true };
  },
};
