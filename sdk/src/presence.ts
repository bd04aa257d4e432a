/**
 * `client.presence`: who is connected. A subscription is the server's for as long as the connection lasts; it is
 * asked for anew after each sign-in, and what changed meanwhile is told.
 */
import { CodedError } from '../../pkg/errors/coded_error.js';
import { rowsOf, type FacetDeps } from './answers.js';
import type { Presence } from './types.js';
import { readPresence } from './wire_people.js';

export interface PresenceDeps extends Pick<FacetDeps, 'call'> {
  tell(state: Presence): void;
  failed(error: unknown): void;
}

export class PresenceList {
  readonly #deps: PresenceDeps;
  /** Whom the app wants to hear of; the server takes up to 500. */
  #uids: readonly number[] = [];
  readonly #states = new Map<number, Presence>();

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
  }

  /**
   * What they are now; every change comes as the event `presence`. Replaces what was subscribed to before, [] ends it.
   * Of whom this user may not know, the answer is as of somebody who was never there. TOO_MANY_SUBSCRIPTIONS.
   */
  async subscribe(uids: readonly number[]): Promise<readonly Presence[]> {
    const states = await this.#ask('state/sub', uids);
    this.#uids = [...uids];
    this.#states.clear();
    for (const state of states) this.#states.set(state.uid, state);
    return states;
  }

  /** Of up to 500 people, once. */
  states(uids: readonly number[]): Promise<readonly Presence[]> {
    return this.#ask('user/state', uids);
  }

  /** As last told; undefined for whom is not subscribed to. */
  of(uid: number): Presence | undefined {
    return this.#states.get(uid);
  }

  /** A new connection: the server of the old one has forgotten whom we asked for. */
  connected(): void {
    if (this.#uids.length === 0) return;
    const uids = this.#uids;
    this.#ask('state/sub', uids).then(
      (states) => {
        // The app may have asked for others meanwhile.
        if (uids === this.#uids) for (const state of states) this.changed(state);
      },
      // Without a connection the next one asks again.
      (error: unknown) => {
        if (!(error instanceof CodedError) || error.code !== 0) this.#deps.failed(error);
      },
    );
  }

  /** `notify.state`, or what was found anew. */
  changed(state: Presence): void {
    const known = this.#states.get(state.uid);
    if (known?.online === state.online && known.lastSeenAtMs === state.lastSeenAtMs) return;
    // A frame may come before the answer that it belongs to.
    if (known !== undefined || this.#uids.includes(state.uid)) this.#states.set(state.uid, state);
    this.#deps.tell(state);
  }

  /** Another user: nobody was asked for by him. */
  clear(): void {
    this.#uids = [];
    this.#states.clear();
  }

  async #ask(operation: string, uids: readonly number[]): Promise<readonly Presence[]> {
    return rowsOf(await this.#deps.call(operation, { uid: uids }), operation, readPresence);
  }
}
