/** One device of a play: a client with its screen and saved state, on a network that fails as it is told to. */
import { SailplaneClient } from '../../sdk/src/client.js';
import type { SendOptions } from '../../sdk/src/sender.js';
import type { ClientTuning, SavedState } from '../../sdk/src/types.js';
import { LossySocket } from '../support/lossy_socket.js';
import { Screen } from './screen.js';

/** Everything that an app waits seconds for, in a hundredth of the time. */
const TUNING: Partial<ClientTuning> = {
  reconnectMinMs: 5,
  reconnectMaxMs: 30,
  gapWaitMs: 20,
  receiptIntervalMs: 15,
  groupReceiptIntervalMs: 25,
  fullSyncCheckMs: 60,
  recountMs: 15,
  heartbeatMs: 300,
  cursorIntervalMs: 300,
  ackTimeoutMs: 1000,
};

/** `deaf`: nothing comes in any more; `dumb`: nothing gets out; `away`: no connection. */
export type Network = 'good' | 'deaf' | 'dumb' | 'away';

/** A lost `notify.count` is lost with its connection: what would be missing is not known from the next. */
const PUSH = /"action":"message\.(chat|group|event|chat\.recall|group\.recall)"/;

/** Of one run of the client: what it holds is dead once the run is over. */
interface Run {
  readonly client: SailplaneClient;
  isOver: boolean;
}

export class Device {
  readonly name: string;
  readonly uid: number;
  readonly token: string;
  readonly screen = new Screen();
  readonly warnings: string[] = [];
  hasDied = false;
  network: Network = 'good';
  /** So many of the next pushes get lost. */
  losing = 0;
  #saved: string | undefined;
  #socket: LossySocket | undefined;
  #run: Run;
  readonly #url: string;
  readonly #sends = new Set<Promise<unknown>>();

  constructor(options: {
    readonly name: string;
    readonly uid: number;
    readonly token: string;
    readonly url: string;
  }) {
    this.name = options.name;
    this.uid = options.uid;
    this.token = options.token;
    this.#url = options.url;
    this.#run = this.#begin(false);
  }

  get client(): SailplaneClient {
    return this.#run.client;
  }

  get hasSaved(): boolean {
    return this.#saved !== undefined;
  }

  /** Those that this run has an answer for, whatever it is. */
  async answered(): Promise<void> {
    await Promise.all(this.#sends);
  }

  send(to: number, content: string, options: SendOptions): void {
    const { client } = this;
    this.#wait(client.sent(client.send(to, content, options)));
  }

  /** Whatever comes of it; an error is an answer too. */
  #wait(work: Promise<unknown>): void {
    const waiting = work.then(
      () => undefined,
      () => undefined,
    );
    this.#sends.add(waiting);
    void waiting.then(() => this.#sends.delete(waiting));
  }

  do(work: (client: SailplaneClient) => Promise<unknown>): void {
    this.#wait(work(this.client));
  }

  /** The connection breaks; the client finds a new one. */
  cut(): void {
    this.#socket?.terminate();
  }

  /** All of the network works again, what was in a dead connection is lost. */
  heal(): void {
    const wasBroken = this.network === 'deaf' || this.network === 'dumb';
    this.network = 'good';
    this.losing = 0;
    if (wasBroken) this.cut();
  }

  leave(): void {
    this.network = 'away';
    this.cut();
  }

  /** The app ends and begins again with what was saved; `dies`: without a goodbye. */
  async restart(dies: boolean): Promise<void> {
    const run = this.#run;
    if (dies) {
      this.hasDied = true;
      run.isOver = true;
      this.#socket?.terminate();
    }
    this.#sends.clear();
    await run.client.close();
    run.isOver = true;
    this.#run = this.#begin(dies);
    this.start();
  }

  start(): void {
    this.client.connect().catch(() => undefined);
  }

  async end(): Promise<void> {
    await this.client.close();
    this.#run.isOver = true;
  }

  #begin(hasDied: boolean): Run {
    const client: SailplaneClient = new SailplaneClient({
      url: this.#url,
      token: this.token,
      webSocket: (url) => this.#dial(url, run),
      state: {
        load: () => Promise.resolve(this.#saved === undefined ? undefined : JSON.parse(this.#saved)),
        save: (state: SavedState) => {
          if (!run.isOver) this.#saved = JSON.stringify(state);
          return Promise.resolve();
        },
      },
      tuning: TUNING,
    });
    const run: Run = { client, isOver: false };
    client.on('warning', ({ code, message }) => this.warnings.push(`${code} ${message}`));
    this.screen.follow(client, hasDied);
    return run;
  }

  #dial(url: string, run: Run): LossySocket {
    if (this.network === 'away' || run.isOver) throw new Error('there is no network');
    const socket = new LossySocket(url, (text) => this.#isLost(text));
    const send = socket.send.bind(socket);
    socket.send = (data: string) => {
      if (this.network !== 'dumb' && !run.isOver) send(data);
    };
    this.#socket = socket;
    return socket;
  }

  #isLost(text: string): boolean {
    if (this.network === 'deaf') return true;
    if (this.losing === 0 || !PUSH.test(text)) return false;
    this.losing--;
    return true;
  }
}
