/**
 * SailplaneClient: what an app holds in its hand. Puts the parts together; the work is done in reconnector.ts
 * (connection), sender.ts (own messages), incoming.ts and inbox.ts (what comes in), and in the facets: groups.ts,
 * messages.ts, conversation_list.ts, people.ts, presence.ts.
 */
import { CodedError } from '../../pkg/errors/coded_error.js';
import type { FacetDeps } from './answers.js';
import { tuningOf } from './client_options.js';
import { CoarseTimer } from './coarse_timer.js';
import { ConversationList } from './conversation_list.js';
import { Emitter } from './emitter.js';
import { Groups } from './groups.js';
import { fetchHistory, type HistoryOptions } from './history.js';
import { Inbox } from './inbox.js';
import { Incoming } from './incoming.js';
import { Memory } from './memory.js';
import { Messages } from './messages.js';
import { clientError } from './outbox.js';
import { People } from './people.js';
import { PresenceList } from './presence.js';
import { Reconnector } from './reconnector.js';
import { sendRelay, TYPING_TYPE } from './relays.js';
import { Sender, type RecallableMessage, type SendOptions } from './sender.js';
import { StateSaver } from './state_saver.js';
import type {
  ClientEvents,
  ClientOptions,
  ClientTuning,
  ConnectionState,
  Message,
  Outgoing,
} from './types.js';
import { platformWebSocket } from './web_socket.js';
import { readTicket, type Welcome } from './wire.js';

interface Connecting {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class SailplaneClient {
  readonly groups: Groups;
  readonly messages: Messages;
  readonly conversations: ConversationList;
  readonly people: People;
  readonly presence: PresenceList;
  readonly #options: ClientOptions;
  readonly #emitter = new Emitter<ClientEvents>();
  readonly #timer = new CoarseTimer((atMs) => this.#tick(atMs));
  readonly #reconnector: Reconnector;
  readonly #sender: Sender;
  readonly #inbox: Inbox;
  readonly #incoming: Incoming;
  readonly #memory: Memory;
  readonly #saver: StateSaver;
  #uid = 0;
  #isLoaded = false;
  #connecting: Connecting | undefined;

  /** Throws INVALID_PARAMETER for impossible tuning, or where there is no WebSocket. Nothing starts yet. */
  constructor(options: ClientOptions) {
    this.#options = options;
    const tuning = tuningOf(options.tuning);
    this.#reconnector = this.#makeReconnector(tuning);
    this.#sender = this.#makeSender(tuning);
    this.#inbox = this.#makeInbox(tuning);
    const facet = this.#facetDeps();
    this.groups = new Groups(facet);
    this.messages = new Messages(facet);
    this.people = new People(facet);
    this.conversations = new ConversationList(this.#inbox, facet.call);
    this.presence = new PresenceList({
      call: facet.call,
      tell: (state) => this.#emitter.emit('presence', state),
      failed: (error) => this.#emitter.emit('warning', clientError(error)),
    });
    this.#incoming = this.#makeIncoming();
    this.#memory = new Memory(this.#inbox, this.#sender);
    this.#saver = new StateSaver(options.state, {
      state: () => this.#memory.state(this.#uid),
      failed: (error) => this.#emitter.emit('warning', clientError(error)),
      wakeBy: (atMs) => this.#timer.wakeBy(atMs),
    });
  }

  /** 0 until the first sign-in (or saved state). */
  get uid(): number {
    return this.#uid;
  }

  get state(): ConnectionState {
    return this.#reconnector.state;
  }

  /**
   * Starts, and goes on by itself through every loss of the connection. Resolves when everything missed has
   * been shown for the first time; rejects with a CodedError where the server refuses for good, or after close.
   */
  connect(): Promise<void> {
    if (this.#connecting !== undefined) return this.#connecting.promise;
    const connecting = newConnecting();
    this.#connecting = connecting;
    this.#timer.start();
    this.#load().then(
      () => {
        if (this.#connecting === connecting) this.#reconnector.start();
      },
      (error: unknown) => this.#giveUp(error),
    );
    return connecting.promise;
  }

  /** Says what is left to say, closes, saves. Sends without an answer stay in the outbox. Idempotent. */
  async close(): Promise<void> {
    this.#inbox.flush();
    const stopped = this.#reconnector.stop();
    this.#disconnected();
    this.#giveUp(new CodedError(0, 'closed by the app'));
    await stopped;
    await this.#saver.flush();
    if (this.#connecting === undefined) this.#timer.stop();
  }

  /**
   * Queued at once, sent as soon as possible, in order per recipient, and again until the server has answered.
   * Throws CodedError: QUEUE_FULL (the outbox), INVALID_PARAMETER, BAD_CLIENT_ID, CONTENT_TOO_LARGE.
   */
  send(to: number, content: string, options: SendOptions = {}): Outgoing {
    const view = this.#sender.send(to, content, options);
    this.#saver.changed();
    return view;
  }

  /**
   * Takes a message back, for everybody: an own one, or in a group that this user is an admin of anybody's.
   * `recalled` then comes on every device. Resolves when the server has done it, however long that takes; rejects with RECALL_TOO_LATE, NO_SUCH_MESSAGE, NO_PERMISSION or QUEUE_FULL.
   */
  recall(message: RecallableMessage): Promise<void> {
    const done = this.#sender.recall(message);
    this.#saver.changed();
    return done;
  }

  /**
   * Hands something to whatever devices of `to` are connected now; nobody keeps it, nobody says whether it came.
   * `content` is any JSON value. False where there is no connection. Throws INVALID_PARAMETER.
   */
  relay(to: number, type: number, content: unknown): boolean {
    return sendRelay(this.#reconnector.connection, to, type, content);
  }

  /** «Is typing», to a person or in a group; call it every few seconds while it is so. */
  typing(to: number): boolean {
    return this.relay(to, TYPING_TYPE, '');
  }

  /** Resolves when that send is stored or failed. Rejects with BAD_CLIENT_ID where it is not remembered. */
  sent(send: Outgoing | string): Promise<Outgoing> {
    return this.#sender.sent(typeof send === 'string' ? send : send.clientId);
  }

  /** The send as it is now; undefined once it is forgotten (tuning.recentLimit). */
  outgoing(clientId: string): Outgoing | undefined {
    return this.#sender.find(clientId);
  }

  /** As conversations.markRead. */
  markRead(conv: string, seq: number): void {
    this.#inbox.markRead(conv, seq);
  }

  /** Older messages, ascending; they do not come as events. Rejects with a CodedError. */
  history(conv: string, options: HistoryOptions): Promise<Message[]> {
    const lastSeq = this.#inbox.conversations.find(conv)?.log.lastSeq ?? 0;
    return fetchHistory(options, lastSeq, (from, to) => this.#inbox.range(conv, from, to));
  }

  /** An operation of the HTTP API (`contacts/add`) over the connection. Rejects with a CodedError. */
  call(operation: string, data: unknown): Promise<unknown> {
    return this.#inbox.request(operation, data);
  }

  /** Returns the function that ends it. */
  on<Name extends keyof ClientEvents>(name: Name, handler: (event: ClientEvents[Name]) => void): () => void {
    return this.#emitter.on(name, handler);
  }

  #makeReconnector(tuning: ClientTuning): Reconnector {
    const { url, token, webSocket } = this.#options;
    return new Reconnector(
      {
        tuning,
        url: async () => (typeof url === 'string' ? url : url()),
        token: async () => (typeof token === 'string' ? token : token()),
        webSocket: webSocket ?? platformWebSocket(),
      },
      {
        random: Math.random,
        cursor: () => this.#inbox.cursor(),
        wakeBy: (atMs) => this.#timer.wakeBy(atMs),
        signedIn: (_, welcome) => this.#signedIn(welcome),
        frame: (action, data) => this.#incoming.frame(action, data),
        refused: (frameSeq, error) => this.#refused(frameSeq, error),
        lost: () => this.#disconnected(),
        state: (state) => this.#stateChanged(state),
      },
    );
  }

  #makeSender(tuning: ClientTuning): Sender {
    return new Sender(tuning, {
      random: Math.random,
      connection: () => this.#reconnector.connection,
      wakeBy: (atMs) => this.#timer.wakeBy(atMs),
      changed: (view) => {
        this.#saver.changed();
        this.#emitter.emit('outgoing', view);
      },
      recallSettled: () => this.#saver.changed(),
      ticket: async (to) => readTicket(await this.call('session/ticket', { to })),
    });
  }

  #makeInbox(tuning: ClientTuning): Inbox {
    return new Inbox(tuning, {
      random: Math.random,
      emitter: this.#emitter,
      connection: () => this.#reconnector.connection,
      wakeBy: (atMs) => this.#timer.wakeBy(atMs),
      changed: () => this.#saver.changed(),
      peerGot: (conv, from, to, state) => this.#sender.raiseRange(conv, from, to, state),
      peerStands: (marksOf) => this.#sender.raiseAll(marksOf),
      synced: () => this.#synced(),
      unusable: (reason) => this.#reconnector.connection?.drop(reason),
    });
  }

  #makeIncoming(): Incoming {
    return new Incoming({
      emitter: this.#emitter,
      inbox: this.#inbox,
      sender: this.#sender,
      presence: this.presence,
      uid: () => this.#uid,
      kicked: (text) => this.#reconnector.kicked(text),
    });
  }

  #facetDeps(): FacetDeps {
    return {
      call: (operation, data) => this.call(operation, data),
      uid: () => this.#uid,
      expects: (conv, seq) => this.#inbox.expects(conv, seq),
    };
  }

  #tick(atMs: number): number {
    return Math.min(
      this.#reconnector.tick(atMs),
      this.#sender.tick(atMs),
      this.#inbox.tick(atMs),
      this.#saver.tick(atMs),
    );
  }

  #signedIn(welcome: Welcome): void {
    const { uid } = welcome;
    if (this.#uid !== 0 && this.#uid !== uid) {
      this.#inbox.clear();
      this.#memory.clear();
      this.presence.clear();
      this.#sender.abandon(new CodedError(0, 'another user signed in'));
    }
    this.#uid = uid;
    this.#sender.connected(uid, welcome.contentBytes);
    this.#inbox.connected(uid, welcome.epoch);
    this.presence.connected();
  }

  #disconnected(): void {
    this.#sender.disconnected();
    this.#inbox.disconnected();
  }

  #synced(): void {
    this.#reconnector.proved();
    this.#memory.synced();
    this.#saver.changed();
    this.#emitter.emit('synced', { conversations: this.#inbox.conversations.totals().count });
    this.#connecting?.resolve();
  }

  #stateChanged(state: ConnectionState): void {
    this.#emitter.emit('connection', state);
    if (state.name === 'ended') this.#giveUp(new CodedError(state.code, state.reason));
  }

  /** Whoever waits for connect is told; the next connect starts anew. */
  #giveUp(error: unknown): void {
    this.#connecting?.reject(error);
    this.#connecting = undefined;
  }

  #refused(frameSeq: number, error: CodedError): void {
    // The server answers receipts only to refuse them, and then without a number.
    const isKnown = frameSeq === 0 ? this.#inbox.refused(error) : this.#sender.refused(frameSeq, error);
    if (!isKnown) this.#emitter.emit('warning', clientError(error));
  }

  async #load(): Promise<void> {
    if (this.#isLoaded || this.#options.state === undefined) return;
    this.#remember(await this.#options.state.load());
  }

  #remember(memory: unknown): void {
    // Two connects may have waited for the same.
    if (this.#isLoaded) return;
    const { uid, damage } = this.#memory.restore(memory);
    // Before anything can be saved over it.
    if (damage !== '')
      this.#emitter.emit('warning', clientError(new CodedError(0, `the saved state is damaged: ${damage}`)));
    if (uid !== 0) this.#uid = uid;
    this.#isLoaded = true;
  }
}

function newConnecting(): Connecting {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
