/**
 * One device of one user, for tests: the SDK's client, everything that its screen showed, and every send with its
 * answer. What a person would do with a phone, in the words of the tests.
 */
import { WebSocket } from 'ws';
import { SailplaneClient } from '../../sdk/src/client.js';
import type { SendOptions } from '../../sdk/src/sender.js';
import type {
  ClientTuning,
  ConnectionState,
  Message,
  Outgoing,
  Recalled,
  Receipt,
  Relay,
  SendState,
  WebSocketFactory,
} from '../../sdk/src/types.js';
import type { Screen, Sent } from './history_checker.js';
import { expectQuiet, waitUntil } from './wait.js';

export interface PhoneOptions {
  /** For reports. */
  readonly name: string;
  readonly url: string;
  readonly token: string | (() => string);
  readonly tuning?: Partial<ClientTuning>;
  /** Absent: an ordinary one. */
  readonly webSocket?: WebSocketFactory;
}

const ordinarySocket: WebSocketFactory = (address) => new WebSocket(address, { perMessageDeflate: false });

/** Reconnects at once, as tests do not wait for the back-off of an app. */
const TUNING: Partial<ClientTuning> = { reconnectMinMs: 20, reconnectMaxMs: 200 };

export class Phone {
  readonly name: string;
  readonly client: SailplaneClient;
  /** In the order in which the app was told. */
  readonly shown: Message[] = [];
  readonly recalled: Recalled[] = [];
  readonly relays: Relay[] = [];
  /** Who was typing, each time. */
  readonly typing: number[] = [];
  readonly receipts: Receipt[] = [];
  readonly states: ConnectionState[] = [];
  readonly warnings: string[] = [];
  syncedCount = 0;
  readonly #sends = new Map<string, { readonly to: number; readonly content: string; view: Outgoing }>();

  constructor({ name, url, token, tuning, webSocket = ordinarySocket }: PhoneOptions) {
    this.name = name;
    this.client = new SailplaneClient({
      url,
      token,
      webSocket,
      tuning: { ...TUNING, ...tuning },
    });
    this.client.on('message', (message) => this.shown.push(message));
    this.client.on('recalled', (recalled) => this.recalled.push(recalled));
    this.client.on('relay', (relay) => this.relays.push(relay));
    this.client.on('typing', ({ from }) => this.typing.push(from));
    this.client.on('receipt', (receipt) => this.receipts.push(receipt));
    this.client.on('connection', (state) => this.states.push(state));
    this.client.on('synced', () => this.syncedCount++);
    this.client.on('warning', ({ code, message }) => this.warnings.push(`${code} ${message}`));
    this.client.on('outgoing', (view) => {
      const send = this.#sends.get(view.clientId);
      if (send !== undefined) send.view = view;
    });
  }

  /** Signed in, and everything missed is on the screen. */
  async connect(): Promise<this> {
    await this.client.connect();
    return this;
  }

  get uid(): number {
    return this.client.uid;
  }

  /** The texts on the screen, one's own included. */
  get texts(): readonly string[] {
    return this.shown.map(({ content }) => content);
  }

  send(to: number, content: string, options: SendOptions = {}): Outgoing {
    const view = this.client.send(to, content, options);
    this.#sends.set(view.clientId, { to, content, view });
    return view;
  }

  /** Sends and waits until it is stored, or failed. */
  async sendAndWait(to: number, content: string): Promise<Outgoing> {
    return this.client.sent(this.send(to, content));
  }

  /** The first message with this text, now or later. */
  async expectMessage(content: string, limitMs?: number): Promise<Message> {
    return waitUntil(
      () => `«${content}» on ${this.name}; it shows ${JSON.stringify(this.texts)}; ${this.#troubles()}`,
      () => this.shown.find((message) => message.content === content),
      limitMs,
    );
  }

  /** Nothing new comes up for a while. */
  async expectNothing(forMs = 200): Promise<void> {
    const before = this.shown.length;
    await expectQuiet(forMs, () => {
      const message = this.shown[before];
      return message === undefined ? undefined : `${this.name} shows «${message.content}»`;
    });
  }

  /** The send gets to exactly this state. */
  async expectState(send: Outgoing, state: SendState, limitMs?: number): Promise<Outgoing> {
    const now = (): Outgoing => this.#sends.get(send.clientId)?.view ?? send;
    return waitUntil(
      () => `«${send.content}» to be ${state}; it is ${now().state}; ${this.#troubles()}`,
      () => now().state === state && now(),
      limitMs,
    );
  }

  async expectConnection(name: ConnectionState['name'], limitMs?: number): Promise<ConnectionState> {
    return waitUntil(
      () => `${this.name} to be ${name}; ${this.#troubles()}`,
      () => this.client.state.name === name && this.client.state,
      limitMs,
    );
  }

  /** Every send has been answered. */
  get isAnswered(): boolean {
    return [...this.#sends.values()].every(({ view }) => view.state !== 'queued');
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  /** For the history checker. */
  screen(answersFor?: readonly string[]): Screen {
    return {
      name: this.name,
      uid: this.uid,
      shown: this.shown,
      ...(answersFor !== undefined && { answersFor }),
    };
  }

  /** For the history checker, in the order of sending. */
  sent(): readonly Sent[] {
    return [...this.#sends.values()].map(({ content, view }): Sent => {
      const { conv, clientId, mid, seq, state } = view;
      const outcome = state === 'queued' ? 'pending' : state === 'failed' ? 'failed' : 'acked';
      return { by: this.name, conv, from: this.uid, clientId, content, outcome, mid, seq };
    });
  }

  #troubles(): string {
    return `connection ${JSON.stringify(this.client.state)}, warnings ${JSON.stringify(this.warnings.slice(-5))}`;
  }
}
