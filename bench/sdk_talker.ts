/** The SDK as apps use it, with a memory of the conversation as it stands before the run. */
import { WebSocket } from 'ws';
import { SailplaneClient } from '../sdk/src/client.js';
import type { SavedState, StateStore } from '../sdk/src/types.js';
import type { Talker, TalkerEvents, TalkerOptions } from './talker.js';

export class SdkTalker implements Talker {
  readonly #client: SailplaneClient;
  #pending = '';

  constructor({ wsUrl, account, known }: TalkerOptions, events: TalkerEvents) {
    this.#client = new SailplaneClient({
      url: wsUrl,
      token: account.token,
      webSocket: (url) => new WebSocket(url, { perMessageDeflate: false }),
      // Thousands of clients in one process: what each remembers for its app's sake nobody asks for here.
      tuning: { shownLimit: 16, recentLimit: 16 },
      state: remembering({
        uid: account.uid,
        epoch: known.epoch,
        cursorMs: 0,
        conversations: [{ conv: known.conv, known: [1, known.seq], ackedSeq: known.seq }],
        outbox: [],
      }),
    });
    this.#client.on('outgoing', ({ clientId, error }) => {
      // The first change is the answer; a receipt may have come with it and show through.
      if (clientId !== this.#pending) return;
      this.#pending = '';
      if (error === undefined) events.stored();
      else events.failed(error.message);
    });
    this.#client.on('message', (message) => {
      if (!message.own) events.heard(message);
    });
  }

  connect(): Promise<void> {
    return this.#client.connect();
  }

  send(to: number, content: string): void {
    this.#pending = this.#client.send(to, content).clientId;
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** Loads what it was made with and forgets what it is given: an app's disk is no part of the measure. */
function remembering(state: SavedState): StateStore {
  return { load: () => Promise.resolve(state), save: () => Promise.resolve() };
}
