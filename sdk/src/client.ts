/**
 * SailplaneClient: what an app holds in its hand. Puts the parts together and sorts frames to them; the work is
 * done in reconnector.ts (connection), sender.ts (own messages) and inbox.ts (what comes in).
 */
import { ACTIONS } from '../../im/message/actions.js';
import { isJsonObject, type JsonObject } from '../../im/message/json_fields.js';
import { toUid } from '../../im/message/ids.js';
import { CodedError } from '../../pkg/errors/coded_error.js';
import { tuningOf } from './client_options.js';
import { CoarseTimer } from './coarse_timer.js';
import { Emitter } from './emitter.js';
import { fetchHistory, type HistoryOptions } from './history.js';
import { Inbox } from './inbox.js';
import { clientError } from './outbox.js';
import { Reconnector } from './reconnector.js';
import { readSavedState } from './saved_state.js';
import { readRelay, sendRelay, TYPING_TYPE } from './relays.js';
import { ownEvent, Sender, type RecallableMessage, type SendOptions } from './sender.js';
import { StateSaver } from './state_saver.js';
import type {
  ClientEvents,
  ClientOptions,
  ClientTuning,
  ConnectionState,
  ConversationView,
  Message,
  Outgoing,
  SavedState,
} from './types.js';
import { platformWebSocket } from './web_socket.js';
import { readError, readPush, readStoredAck, readTicket, type Welcome } from './wire.js';

interface Connecting {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class SailplaneClient {
  readonly #options: ClientOptions;
  readonly #emitter = new Emitter<ClientEvents>();
  readonly #timer = new CoarseTimer((atMs) => this.#tick(atMs));
  readonly #reconnector: Reconnector;
  readonly #sender: Sender;
  readonly #inbox: Inbox;
  readonly #saver: StateSaver;
  #uid = 0;
  #savedCursorMs = 0;
  #isLoaded = false;
  #connecting: Connecting | undefined;

  /** Throws INVALID_PARAMETER for impossible tuning, or where there is no WebSocket. Nothing starts yet. */
  constructor(options: ClientOptions) {
    this.#options = options;
    const tuning = tuningOf(options.tuning);
    this.#reconnector = this.#makeReconnector(tuning);
    this.#sender = this.#makeSender(tuning);
    this.#inbox = this.#makeInbox(tuning);
    this.#saver = new StateSaver(options.state, {
      state: () => this.#state(),
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
   * Takes an own message back, for everybody: `recalled` then comes on every device. Resolves when the server has
   * done it, however long that takes; rejects with RECALL_TOO_LATE, NO_SUCH_MESSAGE, NO_PERMISSION or QUEUE_FULL.
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

  /** «Is typing»; call it every few seconds while it is so. */
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

  /** The user has read everything up to `seq`, at most what was shown: told to the peer and to his other devices. */
  markRead(conv: string, seq: number): void {
    this.#inbox.markRead(conv, seq);
  }

  /** Older messages, ascending; they do not come as events. Rejects with a CodedError. */
  history(conv: string, options: HistoryOptions): Promise<Message[]> {
    const lastSeq = this.#inbox.conversations.find(conv)?.log.lastSeq ?? 0;
    return fetchHistory(options, lastSeq, (from, to) => this.#inbox.range(conv, from, to));
  }

  conversations(): ConversationView[] {
    return Array.from(this.#inbox.conversations.all(), (conversation) => conversation.view);
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
        frame: (action, data) => this.#frame(action, data),
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
      this.#savedCursorMs = 0;
      this.#sender.abandon(new CodedError(0, 'another user signed in'));
    }
    this.#uid = uid;
    this.#sender.connected(uid, welcome.contentBytes);
    this.#inbox.connected(uid, welcome.epoch);
  }

  #disconnected(): void {
    this.#sender.disconnected();
    this.#inbox.disconnected();
  }

  #synced(): void {
    this.#reconnector.proved();
    this.#savedCursorMs = this.#inbox.cursorMs;
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

  #frame(action: string, data: unknown): void {
    switch (action) {
      case ACTIONS.chat:
      case ACTIONS.chatRecall:
        this.#pushed(data);
        return;
      case ACTIONS.ackMessage:
        this.#stored(data);
        return;
      case ACTIONS.notifySync:
        this.#inbox.announced(data);
        return;
      default:
        if (isJsonObject(data)) this.#notice(action, data);
    }
  }

  #notice(action: string, data: JsonObject): void {
    switch (action) {
      case ACTIONS.ackNotify:
        if (data['state'] === 'offline') this.#sender.raiseOne(String(data['cliMid']), 'offline');
        else this.#inbox.receipt(data);
        return;
      case ACTIONS.relay:
        this.#relayed(data);
        return;
      case ACTIONS.failedSend:
      case ACTIONS.notifyForbidden:
        this.#sender.failed(String(data['cliMid']), readError(data));
        return;
      case ACTIONS.notifyContact:
        this.#contact(data);
        return;
      case ACTIONS.notifyContactRequest:
        this.#contactRequest(data);
        return;
      case ACTIONS.notifyKickout:
        this.#reconnector.kicked(String(data['text']));
    }
  }

  #pushed(data: unknown): void {
    const push = readPush(data, this.#uid);
    if (push !== undefined) this.#inbox.take(push);
    else this.#emitter.emit('warning', { code: 0, message: 'a push is not understood', temporary: false });
  }

  #stored(data: unknown): void {
    const ack = readStoredAck(data);
    const send = ack === undefined ? undefined : this.#sender.stored(ack);
    if (ack === undefined || send === undefined) return;
    const { conv, seq, clientId } = ack;
    this.#inbox.take({ message: ownEvent(send, ack, this.#uid), after: seq - 1, isSentHere: true });
    // The peer's receipt may have been faster than our ack.
    const state = this.#inbox.peerHas(conv, seq);
    if (state !== undefined) this.#sender.raiseOne(clientId, state);
  }

  #relayed(data: JsonObject): void {
    const relay = readRelay(data);
    if (relay === undefined) return;
    if (relay.type === TYPING_TYPE) this.#emitter.emit('typing', { from: relay.from });
    else this.#emitter.emit('relay', relay);
  }

  #contact(data: JsonObject): void {
    const [id, from] = [toUid(data['id']), toUid(data['from'])];
    if (id !== undefined && from !== undefined) this.#emitter.emit('contact', { id, from });
  }

  #contactRequest({ from, comment }: JsonObject): void {
    const uid = toUid(from);
    if (uid !== undefined) this.#emitter.emit('contactRequest', { from: uid, comment: String(comment) });
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
    const { state, damage } = readSavedState(memory);
    // Before anything can be saved over it.
    if (damage !== '')
      this.#emitter.emit('warning', clientError(new CodedError(0, `the saved state is damaged: ${damage}`)));
    if (state !== undefined) this.#restore(state);
    this.#isLoaded = true;
  }

  #restore(saved: SavedState): void {
    this.#uid = saved.uid;
    this.#savedCursorMs = saved.cursorMs;
    this.#inbox.restore(saved.epoch, saved.cursorMs);
    this.#inbox.conversations.restore(saved.conversations, saved.uid);
    this.#sender.known(saved.uid);
    this.#sender.restore(saved.outbox);
  }

  #state(): SavedState | undefined {
    if (this.#uid === 0) return undefined;
    // A cursor behind which something is missing would hide it from the next run's sync.
    if (this.#inbox.conversations.areComplete) this.#savedCursorMs = this.#inbox.cursorMs;
    return {
      uid: this.#uid,
      epoch: this.#inbox.epoch,
      cursorMs: this.#savedCursorMs,
      conversations: this.#inbox.conversations.save(),
      outbox: this.#sender.save(),
    };
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
