/**
 * A member of a group for the churn test: an account, and a device of his that comes and goes with what it had saved,
 * as an app does that is started and ended. What it showed over all its runs is one screen.
 */
import { WebSocket } from 'ws';
import { SailplaneClient } from '../../sdk/src/client.js';
import type { Message, SavedState } from '../../sdk/src/types.js';
import type { Screen, Sent } from '../support/history_checker.js';
import { call } from '../support/http.js';
import type { SeededUser } from '../support/seed.js';
import type { Urls } from '../support/server.js';

const TUNING = {
  reconnectMinMs: 20,
  reconnectMaxMs: 200,
  // Nothing is left for scrolling: everything missed has to come by itself.
  gapFillLimit: 1_000_000,
};

export class Member {
  readonly account: SeededUser;
  readonly #urls: Urls;
  readonly #shown: Message[] = [];
  readonly #sends = new Map<string, Sent>();
  #saved: SavedState | undefined;
  #client: SailplaneClient | undefined;
  /** What it does with its connection, one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(urls: Urls, account: SeededUser) {
    this.#urls = urls;
    this.account = account;
  }

  get isOnline(): boolean {
    return this.#client !== undefined;
  }

  /** Resolves when it has shown all that it missed. */
  signIn(): Promise<void> {
    return this.#next(async () => {
      if (this.#client !== undefined) return;
      const client = new SailplaneClient({
        url: this.#urls.ws,
        token: this.account.token,
        webSocket: (url) => new WebSocket(url, { perMessageDeflate: false }),
        state: {
          load: () => Promise.resolve(this.#saved),
          save: (state) => {
            this.#saved = structuredClone(state);
            return Promise.resolve();
          },
        },
        tuning: TUNING,
      });
      client.on('message', (message) => this.#shown.push(message));
      this.#client = client;
      await client.connect();
    });
  }

  /** Ends the app; it saves before. */
  leave(): Promise<void> {
    return this.#next(async () => {
      const client = this.#client;
      this.#client = undefined;
      await client?.close();
    });
  }

  /** Over HTTP: whether or not the device is there. True where it was done. */
  async join(gid: number): Promise<boolean> {
    const { code } = await call(this.#urls.http, 'group/join', { Gid: gid }, this.account.token);
    return code === 100;
  }

  async exit(gid: number): Promise<boolean> {
    const { code } = await call(this.#urls.http, 'group/exit', { Gid: gid }, this.account.token);
    return code === 100;
  }

  /** Waits for the answer; needs the device to be there. */
  async say(gid: number, content: string): Promise<void> {
    const client = this.#client;
    if (client === undefined) throw new Error(`${this.account.uid} is not there`);
    const { clientId, conv } = client.send(gid, content);
    const sent = { by: this.#name, conv, from: this.account.uid, clientId, content };
    this.#sends.set(clientId, { ...sent, outcome: 'pending', mid: 0, seq: 0 });
    const { mid, seq, error } = await client.sent(client.outgoing(clientId) ?? never(clientId));
    this.#sends.set(clientId, { ...sent, outcome: error === undefined ? 'acked' : 'failed', mid, seq });
  }

  get sends(): readonly Sent[] {
    return [...this.#sends.values()];
  }

  get screen(): Screen {
    return { name: this.#name, uid: this.account.uid, shown: this.#shown };
  }

  get #name(): string {
    return String(this.account.uid);
  }

  #next(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work);
    return this.#work;
  }
}

function never(clientId: string): never {
  throw new Error(`a send is not known to its client: ${clientId}`);
}
