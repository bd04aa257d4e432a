/**
 * user/state, user/online, state/sub: who is there and since when not. Of whom the caller may not know, the answer is
 * the same as of somebody who never signed in.
 */
import type { Dialect } from '../message/encoder.js';
import type { Uid } from '../message/ids.js';
import type { Presence, PresenceState } from '../presence/interface.js';
import type { ContactStore } from '../store/people_interface.js';
import type { Caller } from './interface.js';

export interface PresenceApiDeps {
  readonly presence: Presence;
  readonly contacts: Pick<ContactStore, 'list'>;
}

export class PresenceApi {
  readonly #deps: PresenceApiDeps;

  constructor(deps: PresenceApiDeps) {
    this.#deps = deps;
  }

  async states(uids: readonly Uid[], { uid }: Caller): Promise<unknown> {
    if (uids.length === 0) return [];
    return (await this.#deps.presence.states(uid, uids)).map(stateAnswer);
  }

  /**
   * Of one alone. `onlineAt` is the public web SDK's word: it reads an object here, and would show everybody as gone.
   * It asks so on its connection, once of everybody whom it shows, and listens from then on: so it is told.
   */
  async state(of: Uid, { uid, device }: Caller, dialect: Dialect | undefined): Promise<unknown> {
    const { presence } = this.#deps;
    const state =
      dialect === 'web' ? await presence.watch({ uid, device }, of) : (await presence.states(uid, [of]))[0];
    return state && { ...stateAnswer(state), onlineAt: state.lastSeenAtMs };
  }

  /** The caller's contacts who are. */
  async online({ uid }: Caller): Promise<unknown> {
    const contacts = (await this.#deps.contacts.list(uid)).map(({ peer }) => peer.uid);
    return (await this.#deps.presence.online(uid, contacts)).map(stateAnswer);
  }

  /** Replaces what the calling device subscribed to before; none ends it. Throws TOO_MANY_SUBSCRIPTIONS. */
  async subscribe(uids: readonly Uid[], { uid, device }: Caller): Promise<unknown> {
    return (await this.#deps.presence.subscribe({ uid, device }, uids)).map(stateAnswer);
  }
}

function stateAnswer({ uid, online, lastSeenAtMs }: PresenceState): Readonly<Record<string, unknown>> {
  return { uid: String(uid), online, lastSeenAt: lastSeenAtMs };
}
