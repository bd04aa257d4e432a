/**
 * The local gateway: every connection of this process, from its first byte to its last. Takes frames from the
 * transports, replies from messaging, deliveries and kicks from dispatch. Steps 2 and 9 of the message path.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { CloseName } from '../errors.js';
import type { AnswerSize } from '../message/answer_size.js';
import type { Uid } from '../message/ids.js';
import type { DownFrame } from '../message/message.js';
import type { Dispatch } from '../dispatch/interface.js';
import type { Messaging, Reply, ReplySink } from '../messaging/interface.js';
import type { PresenceSink } from '../presence/interface.js';
import type { GroupStore } from '../store/group_interface.js';
import type { MessageStore } from '../store/interface.js';
import { Client } from './client.js';
import { clientFigures, type ClientFigures } from './client_figures.js';
import { ClientDirectory } from './client_directory.js';
import { Closer } from './closer.js';
import { Deliverer } from './deliverer.js';
import type { RateLimits } from '../limits/interface.js';
import { FrameLimiter } from './frame_limiter.js';
import { FlushPace } from './flush_pace.js';
import { Flusher } from './flusher.js';
import type { GatewayOptions } from './gateway_options.js';
import { GroupIndex } from './groups/group_index.js';
import { Inbound } from './inbound.js';
import type {
  Authenticator,
  Connection,
  ConnectionHandler,
  CursorReader,
  Delivery,
  DeliveryOutcome,
  Gateway,
  GroupDelivery,
  InterestChange,
  KickOrder,
} from './interface.js';
import { OldSdks } from './old_sdk/old_sdks.js';
import type { OldSdkStore } from './old_sdk/store_pages.js';
import { OutboundQueue, type OutboundTotal } from './outbound_queue.js';
import type { GatewayStats } from './gateway_stats.js';
import { Heartbeat } from './heartbeat.js';
import { SharedFrame } from './shared_frame.js';
import { SignInHandler } from './sign_in_handler.js';
import { Sweeper } from './sweeper.js';
import { TailCheck } from './tail_check.js';
import { Takeover } from './takeover.js';

export interface ClientManagerDeps {
  readonly messaging: Messaging;
  readonly authenticator: Authenticator;
  readonly rates: Pick<RateLimits, 'connection'>;
  /** What the answer to a request with this action may weigh. */
  readonly answerSize: (action: string) => AnswerSize;
  readonly store: OldSdkStore & Pick<MessageStore, 'logOf'>;
  readonly groups: Pick<GroupStore, 'memberships'>;
  /** Never rejects. */
  readonly receipts: { written(uids: readonly Uid[]): Promise<void> };
  readonly presence: PresenceSink;
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly cursors: CursorReader;
  readonly logger: Logger;
}

export class ClientManager implements Gateway, ConnectionHandler, ReplySink {
  readonly #options: GatewayOptions;
  readonly #clients = new Map<number, Client>();
  readonly #directory = new ClientDirectory();
  readonly #flusher: Flusher;
  readonly #oldSdks: OldSdks;
  readonly #deliverer: Deliverer;
  readonly #groups: GroupIndex;
  readonly #presence: PresenceSink;
  readonly #closer: Closer;
  readonly #inbound: Inbound;
  readonly #limiter: FrameLimiter;
  readonly #signIn: SignInHandler;
  readonly #sweeper: Sweeper;
  readonly #heartbeat: Heartbeat;
  readonly #takeover: Takeover;
  readonly #tailCheck: TailCheck;
  readonly #outboundTotal: OutboundTotal = { bytes: 0 };
  #isClosing = false;
  #maxConnectionCount = 0;
  #announcedCount = 0;

  constructor(options: GatewayOptions, deps: ClientManagerDeps) {
    this.#options = options;
    this.#presence = deps.presence;
    this.#flusher = new Flusher(options, new FlushPace(options), {
      drained: (client) => this.#drained(client),
    });
    const schedule = (client: Client): void => this.#flusher.schedule(client);
    const scheduleLater = (client: Client): void => this.#flusher.scheduleLater(client);
    const delivery = { ...deps, directory: this.#directory, schedule, scheduleLater };
    this.#oldSdks = new OldSdks(options, delivery);
    this.#deliverer = new Deliverer({ ...delivery, oldSdks: this.#oldSdks });
    this.#groups = new GroupIndex(options, {
      ...{ ...delivery, messages: deps.store, deliverer: this.#deliverer, oldSdks: this.#oldSdks },
      send: (client, frame) => this.#sendShared(client, frame),
    });
    this.#closer = new Closer({
      unbind: (client) => this.#unbind(client),
      hasten: (client) => this.#sweeper.hasten(client),
      schedule,
    });
    const send = (client: Client, frame: DownFrame): void => this.send(client, frame);
    const close = (client: Client, reason: CloseName): void => this.#closer.drain(client, reason);
    this.#signIn = new SignInHandler({
      authenticator: deps.authenticator,
      directory: this.#directory,
      groups: this.#groups,
      logger: deps.logger,
      send,
      close,
      resume: (client) => this.#inbound.resume(client),
      signedIn: (client) => this.#signedIn(client),
      agreeHeartbeat: (client, heartbeatMs) => this.#heartbeat.agree(client, heartbeatMs),
    });
    const resume = (client: Client): void => this.#inbound.resume(client);
    this.#limiter = new FrameLimiter(options, { ...deps, send, resume });
    this.#inbound = new Inbound(options, {
      messaging: deps.messaging,
      answerSize: deps.answerSize,
      limiter: this.#limiter,
      outboundBytes: () => this.#outboundTotal.bytes,
      send,
      close,
      signIn: (client, frame) => this.#signIn.handle(client, frame),
      receipt: (client, frame) => this.#oldSdks.receipt(client, frame),
      heartbeat: (client, cursor) => this.#heartbeat.received(client, cursor),
    });
    this.#takeover = new Takeover(options, deps);
    this.#tailCheck = new TailCheck(options, { ...deps, send });
    this.#heartbeat = new Heartbeat(options, {
      send: (client, frame) => this.#sendShared(client, frame),
      sendText: (client, text) => this.#sendText(client, text),
      checkTail: (client, cursor) => this.#tailCheck.enqueue(client, cursor),
    });
    this.#sweeper = new Sweeper(options, {
      clients: () => this.#clients.values(),
      heartbeat: this.#heartbeat,
      authenticator: deps.authenticator,
      logger: deps.logger,
      close,
      cut: (client, reason) => this.#closer.cut(client, reason),
    });
  }

  stats(): GatewayStats {
    return {
      connectionCount: this.#clients.size,
      userCount: this.#directory.userCount,
      maxConnectionCount: this.#maxConnectionCount,
      letGoCount: this.#deliverer.letGoCount + this.#oldSdks.stats().letGoCount,
      undetectedDropCount: this.#deliverer.undetectedDropCount,
      droppedNoticeCount: this.#deliverer.droppedNoticeCount + this.#oldSdks.stats().droppedReceiptCount,
      announcedCount: this.#announcedCount,
      pausedCount: this.#limiter.pausedCount,
      pushedCount: this.#deliverer.pushedCount + this.#oldSdks.stats().pushedCount,
      oldSdk: this.#oldSdks.stats(),
      probeCount: this.#heartbeat.probeCount,
      heartbeatLostCount: this.#heartbeat.lostCount,
      fightCount: this.#takeover.fightCount,
      revokedCount: this.#takeover.revokedCount,
      tailCheckedCount: this.#tailCheck.checkedCount,
      tailFoundCount: this.#tailCheck.foundCount,
      tailDroppedCount: this.#tailCheck.droppedCount,
      tailWaitingCount: this.#tailCheck.waitingCount,
      groups: this.#groups.stats(),
      groupHoldMs: this.#flusher.holdMs,
    };
  }

  /** Looks at every connection: for metrics, not for what clients may ask. */
  figures(): ClientFigures {
    const { bytes: outboundBytes } = this.#outboundTotal;
    const { apiBytes } = this.#inbound;
    return { ...clientFigures(this.#clients.values()), outboundBytes, apiBytes, closes: this.#closer.counts };
  }

  start(): void {
    this.#sweeper.start();
    this.#oldSdks.start();
  }

  /** Tells every client to come back later, and closes; resolves when all are gone or after `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    this.#isClosing = true;
    this.#sweeper.stop();
    this.#limiter.stop();
    this.#oldSdks.stop();
    this.#tailCheck.stop();
    this.#groups.close();
    for (const client of this.#clients.values()) this.#closer.drain(client, 'GOING_AWAY');
    const endAtMs = performance.now() + deadlineMs;
    while (this.#clients.size > 0 && performance.now() < endAtMs) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      for (const client of this.#clients.values()) {
        if (performance.now() - client.closingSinceMs >= this.#options.drainMs)
          this.#closer.cut(client, 'GOING_AWAY');
      }
    }
    this.#flusher.stop();
  }

  opened(connection: Connection): void {
    if (this.#isClosing) return connection.close('GOING_AWAY');
    const outbound = new OutboundQueue(this.#options, this.#outboundTotal);
    const client = new Client(connection, outbound, performance.now());
    this.#clients.set(connection.id, client);
    this.#sweeper.watch(client);
    this.#maxConnectionCount = Math.max(this.#maxConnectionCount, this.#clients.size);
  }

  received(connection: Connection, frame: string, bytes: number): void {
    const client = this.#clients.get(connection.id);
    if (client === undefined) return;
    this.#heartbeat.heard(client, this.#sweeper.nowMs);
    this.#inbound.received(client, frame, bytes);
  }

  pinged(connection: Connection): boolean {
    const client = this.#clients.get(connection.id);
    if (client === undefined) return false;
    this.#heartbeat.heard(client, this.#sweeper.nowMs);
    return this.#inbound.pinged(client);
  }

  closed(connection: Connection, answered: boolean): void {
    const client = this.#clients.get(connection.id);
    if (client === undefined) return;
    this.#clients.delete(connection.id);
    client.isClosed = true;
    this.#sweeper.forget(client);
    this.#tailCheck.forget(client);
    this.#takeover.closed(client, answered, performance.now());
    client.outbound.discard();
    this.#inbound.forget(client);
    this.#unbind(client);
  }

  reply(replies: readonly Reply[]): void {
    for (const { connection, frame, ends, bytes } of replies) {
      const client = this.#clients.get(connection);
      if (client === undefined) continue;
      if (frame !== undefined) this.send(client, frame);
      if (frame?.kind === 'stored') this.#oldSdks.stored(client, frame.conv, frame.seq);
      if (!ends) continue;
      this.#inbound.answered(client, bytes);
      if (client.closing !== undefined) this.#closer.closeIfDone(client);
    }
  }

  deliver(deliveries: readonly Delivery[]): Promise<readonly DeliveryOutcome[]> {
    return this.#deliverer.deliver(deliveries);
  }

  deliverToGroups(deliveries: readonly GroupDelivery[]): Promise<void> {
    return this.#groups.deliver(deliveries);
  }

  setInterest(changes: readonly InterestChange[]): Promise<void> {
    this.#groups.setInterest(changes);
    return Promise.resolve();
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
    this.#sendShared(client, new SharedFrame(frame));
  }

  #sendShared(client: Client, frame: SharedFrame): void {
    if (client.isClosed) return;
    for (const chunk of frame.chunks(client.dialect, client.connection.format)) {
      client.outbound.enqueue(chunk);
    }
    this.#flusher.schedule(client);
  }

  #sendText(client: Client, text: string): void {
    if (client.isClosed) return;
    client.outbound.enqueue(client.connection.format.pack(text));
    this.#flusher.schedule(client);
  }

  #drained(client: Client): void {
    if (client.outbound.isMarked) this.#announce(client);
    this.#oldSdks.drained(client);
    if (client.closing !== undefined) this.#closer.closeIfDone(client);
    else if (client.isPaused) this.#inbound.resume(client);
  }

  /** Old clients do not know the announcement: they are given what they lack. */
  #announce(client: Client): void {
    const conversations = client.outbound.takeMarked();
    if (conversations === undefined || !client.isModern) return;
    this.#announcedCount++;
    this.send(client, { kind: 'sync', conversations });
  }

  /** Its answer is queued. */
  #signedIn(client: Client): void {
    this.#oldSdks.signedIn(client);
    if (client.uid === undefined || client.isPresent) return;
    client.isPresent = true;
    this.#presence.came(client.uid, client.device);
  }

  /** It is nobody's device any more. */
  #unbind(client: Client): void {
    this.#directory.unbind(client);
    this.#groups.leave(client);
    if (client.uid !== undefined && client.isPresent) this.#presence.went(client.uid, client.device);
    client.isPresent = false;
    // When all are sent away they come back elsewhere at once: nobody is «offline».
    if (!this.#isClosing) this.#oldSdks.gone(client);
  }
}
