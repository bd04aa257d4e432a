/**
 * The local gateway: every connection of this process, from its first byte to its last. Takes frames from the
 * transports, replies from messaging, deliveries and kicks from dispatch. Steps 2 and 9 of the message path.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { Logger } from '../../pkg/log/logger.js';
import type { CloseName } from '../errors.js';
import type { ConversationName } from '../message/conversation.js';
import type { Uid } from '../message/ids.js';
import type { DownFrame } from '../message/message.js';
import type { Messaging, Reply, ReplySink } from '../messaging/interface.js';
import { Client } from './client.js';
import { ClientDirectory } from './client_directory.js';
import { Flusher } from './flusher.js';
import { Inbound, INBOUND_OPTIONS } from './inbound.js';
import type {
  Authenticator,
  Connection,
  ConnectionHandler,
  Delivery,
  DeliveryOutcome,
  Gateway,
  KickOrder,
  SentReader,
} from './interface.js';
import { OUTBOUND_OPTIONS, OutboundQueue, type OutboundTotal } from './outbound_queue.js';
import { SharedFrame } from './shared_frame.js';
import { SignInHandler } from './sign_in_handler.js';
import { Sweeper } from './sweeper.js';

export const GATEWAY_OPTIONS = {
  ...INBOUND_OPTIONS,
  ...OUTBOUND_OPTIONS,
  signInDeadlineMs: integer(
    30_000,
    'ms',
    { min: 10, max: 3_600_000 },
    'A connection that has not signed in by then is closed.',
  ),
  stuckMs: integer(
    10_000,
    'ms',
    { min: 10, max: 3_600_000 },
    'A socket that took no byte for so long, though there are some for it, is closed.',
  ),
  drainMs: integer(
    1000,
    'ms',
    { min: 0, max: 60_000 },
    'What a connection to be closed is given for its last answers.',
  ),
  tokenCheckMs: integer(
    30_000,
    'ms',
    { min: 100, max: 3_600_000 },
    'How often the tokens of all connections are checked again.',
  ),
  sweepMs: integer(1000, 'ms', { min: 10, max: 60_000 }, 'How often deadlines are looked at.'),
} as const;

export type GatewayOptions = OptionsOf<typeof GATEWAY_OPTIONS>;

export interface ClientManagerDeps {
  readonly messaging: Messaging;
  readonly authenticator: Authenticator;
  readonly sent: SentReader;
  readonly logger: Logger;
}

/** Numbers for logs, metrics and app/info; totals count since the start. */
export interface GatewayStats {
  readonly connectionCount: number;
  readonly userCount: number;
  readonly maxConnectionCount: number;
  /** Pushes let go at full queues and announced later: repaired by the client. */
  readonly letGoCount: number;
  readonly announcedCount: number;
  readonly pushedCount: number;
}

/** Receipts by mid are for clients that show single messages: older ones than these are not looked at any more. */
const RECEIPT_MESSAGES = 256;
const NOBODY: DeliveryOutcome = { absent: [] };

export class ClientManager implements Gateway, ConnectionHandler, ReplySink {
  readonly #options: GatewayOptions;
  readonly #deps: ClientManagerDeps;
  readonly #clients = new Map<number, Client>();
  readonly #directory = new ClientDirectory();
  readonly #flusher: Flusher;
  readonly #inbound: Inbound;
  readonly #signIn: SignInHandler;
  readonly #sweeper: Sweeper;
  readonly #outboundTotal: OutboundTotal = { bytes: 0 };
  #isClosing = false;
  #maxConnectionCount = 0;
  #letGoCount = 0;
  #announcedCount = 0;
  #pushedCount = 0;

  constructor(options: GatewayOptions, deps: ClientManagerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#flusher = new Flusher({ drained: (client) => this.#drained(client) });
    const send = (client: Client, frame: DownFrame): void => this.send(client, frame);
    const close = (client: Client, reason: CloseName): void => this.#drain(client, reason);
    this.#signIn = new SignInHandler({
      authenticator: deps.authenticator,
      directory: this.#directory,
      logger: deps.logger,
      send,
      close,
      resume: (client) => this.#inbound.resume(client),
    });
    this.#inbound = new Inbound(options, {
      messaging: deps.messaging,
      outboundBytes: () => this.#outboundTotal.bytes,
      send,
      close,
      signIn: (client, frame) => this.#signIn.handle(client, frame),
    });
    this.#sweeper = new Sweeper(options, {
      clients: () => this.#clients.values(),
      authenticator: deps.authenticator,
      logger: deps.logger,
      close,
      cut: (client, reason) => this.#cut(client, reason),
    });
  }

  stats(): GatewayStats {
    return {
      connectionCount: this.#clients.size,
      userCount: this.#directory.userCount,
      maxConnectionCount: this.#maxConnectionCount,
      letGoCount: this.#letGoCount,
      announcedCount: this.#announcedCount,
      pushedCount: this.#pushedCount,
    };
  }

  start(): void {
    this.#sweeper.start();
  }

  /** Tells every client to come back later, and closes; resolves when all are gone or after `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    this.#isClosing = true;
    this.#sweeper.stop();
    for (const client of this.#clients.values()) this.#drain(client, 'GOING_AWAY');
    const endAtMs = performance.now() + deadlineMs;
    while (this.#clients.size > 0 && performance.now() < endAtMs) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      for (const client of this.#clients.values()) {
        if (performance.now() - client.closingSinceMs >= this.#options.drainMs)
          this.#cut(client, 'GOING_AWAY');
      }
    }
  }

  opened(connection: Connection): void {
    if (this.#isClosing) return connection.close('GOING_AWAY');
    const outbound = new OutboundQueue(this.#options, this.#outboundTotal);
    this.#clients.set(connection.id, new Client(connection, outbound, performance.now()));
    this.#maxConnectionCount = Math.max(this.#maxConnectionCount, this.#clients.size);
  }

  received(connection: Connection, frame: string, bytes: number): void {
    const client = this.#clients.get(connection.id);
    if (client !== undefined) this.#inbound.received(client, frame, bytes);
  }

  closed(connection: Connection): void {
    const client = this.#clients.get(connection.id);
    if (client === undefined) return;
    this.#clients.delete(connection.id);
    client.isClosed = true;
    client.outbound.discard();
    this.#inbound.forget(client);
    this.#directory.unbind(client);
  }

  reply(replies: readonly Reply[]): void {
    for (const { connection, frame, ends, bytes } of replies) {
      const client = this.#clients.get(connection);
      if (client === undefined) continue;
      if (frame !== undefined) this.send(client, frame);
      if (!ends) continue;
      this.#inbound.answered(client, bytes);
      if (client.closing !== undefined) this.#closeIfDone(client);
    }
  }

  async deliver(deliveries: readonly Delivery[]): Promise<readonly DeliveryOutcome[]> {
    const translations: Promise<void>[] = [];
    const outcomes = deliveries.map((delivery) => this.#deliverOne(delivery, translations));
    // Whoever causes reads for old clients waits for them: that bounds how many there are.
    if (translations.length > 0) await Promise.all(translations);
    return outcomes;
  }

  async kick(orders: readonly KickOrder[]): Promise<void> {
    const nowMs = performance.now();
    for (const order of orders) {
      for (const client of this.#directory.kicked(order, nowMs)) this.#signIn.expel(client, order.reason);
    }
    return Promise.resolve();
  }

  /** An answer: always queued. */
  send(client: Client, frame: DownFrame): void {
    if (client.isClosed) return;
    for (const chunk of new SharedFrame(frame).chunks(client.dialect, client.connection.format)) {
      client.outbound.enqueue(chunk);
    }
    this.#flusher.schedule(client);
  }

  #deliverOne({ frame, recipients }: Delivery, translations: Promise<void>[]): DeliveryOutcome {
    const shared = new SharedFrame(frame);
    let absent: Uid[] | undefined;
    for (const { uid, exceptDevice } of recipients) {
      const clients = this.#directory.clientsOf(uid);
      if (clients.length === 0) (absent ??= []).push(uid);
      for (const client of clients) {
        if (client.device === exceptDevice) continue;
        const { frame: pushed } = shared;
        if (isByInterval(pushed) && !client.isModern)
          translations.push(this.#pushReceiptByMid(client, pushed));
        else this.#push(client, shared);
      }
    }
    return absent === undefined ? NOBODY : { absent };
  }

  #push(client: Client, shared: SharedFrame): void {
    const { frame } = shared;
    const conv = conversationOf(frame);
    for (const chunk of shared.chunks(client.dialect, client.connection.format)) {
      if (client.outbound.enqueuePush(chunk, conv)) this.#pushedCount++;
      else this.#letGoCount++;
    }
    this.#flusher.schedule(client);
  }

  /** For clients that know mids only: never rejects, a failed read is logged (the client may ask its history). */
  async #pushReceiptByMid(client: Client, frame: ReceiptDown): Promise<void> {
    const { conv, from, to } = frame;
    if (client.uid === undefined) return;
    try {
      const messages = await this.#deps.sent.sentBetween(conv, client.uid, from, to, RECEIPT_MESSAGES);
      if (!client.isClosed) this.#push(client, new SharedFrame({ ...frame, messages }));
    } catch (error) {
      this.#deps.logger.warn({ err: error, conv }, 'a receipt could not be translated for an old client');
    }
  }

  #drained(client: Client): void {
    if (client.outbound.isMarked) this.#announce(client);
    if (client.closing !== undefined) this.#closeIfDone(client);
    else if (client.isPaused) this.#inbound.resume(client);
  }

  #announce(client: Client): void {
    const conversations = client.outbound.takeMarked();
    if (conversations === undefined) return;
    this.#announcedCount++;
    // A client that does not know the announcement finds what it missed when it comes back.
    if (client.isModern) this.send(client, { kind: 'sync', conversations });
    else this.#drain(client, 'RESYNC');
  }

  /** Reads nothing more, answers what is under way, writes what is queued, then closes. */
  #drain(client: Client, reason: CloseName): void {
    if (client.closing !== undefined || client.isClosed) return;
    client.closing = reason;
    client.closingSinceMs = performance.now();
    client.held = undefined;
    client.connection.pause();
    this.#directory.unbind(client);
    this.#closeIfDone(client);
  }

  #closeIfDone(client: Client): void {
    if (client.closing === undefined || client.unansweredCount > 0) return;
    if (client.isWriting || !client.outbound.isEmpty) return this.#flusher.schedule(client);
    this.#cut(client, client.closing);
  }

  #cut(client: Client, reason: CloseName): void {
    if (client.isClosed) return;
    // The transport tells when it is gone; until then nothing is written any more.
    client.isClosed = true;
    this.#directory.unbind(client);
    client.connection.close(reason);
  }
}

type ReceiptDown = Extract<DownFrame, { kind: 'receipt' }>;

/** An old client has no word for it until its messages are read from the store. */
function isByInterval(frame: DownFrame): frame is ReceiptDown {
  return frame.kind === 'receipt' && frame.messages === undefined;
}

/** What a sync brings back if this push is let go: one conversation, or anything. */
function conversationOf(frame: DownFrame): ConversationName | undefined {
  if (frame.kind === 'push') return frame.event.conv;
  return frame.kind === 'receipt' ? frame.conv : undefined;
}
