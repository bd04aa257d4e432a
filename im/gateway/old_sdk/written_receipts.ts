/**
 * Receipts that an old client will never send, made here: the public web SDK acknowledges no message of a group, and
 * nobody acknowledges what his dialect has no word for. What its socket has taken, and was followed by a frame of the
 * client, counts as received by the device, so that it is not pushed again at the next sign-in. A kernel takes bytes
 * also for a network that is gone: without such a frame they are pushed once more, and the SDK knows them by cliMid.
 *
 *   queued ─► written ─► heard ─► a receipt
 *      └─────────┴── gone: pushed at the next sign-in
 *
 * Sooner where the client acknowledges what it was sent after them in the same conversation: with that, because a
 * mark does not rise over what is acknowledged later than what follows it.
 */
import type { Messaging } from '../../messaging/interface.js';
import type { PushedMessage } from '../../message/message.js';
import type { Client } from '../client.js';

export interface WrittenReceiptsDeps {
  readonly messaging: Messaging;
}

interface Heard {
  readonly client: Client;
  readonly messages: readonly PushedMessage[];
}

/** What the kernel has taken of one client, from when to when. */
interface Written {
  messages: readonly PushedMessage[];
  readonly sinceMs: number;
  atMs: number;
}

/** Waiting for one client; more are not told, and pushed again at its next sign-in. */
const MESSAGE_COUNT = 1024;
const TELL_MS = 200;
/** A frame that comes sooner may have been sent before it: longer than most take there and back. */
const ROUND_TRIP_MS = 1000;
/** Of a frame, to whoever counts them: these belong to no connection. */
const NO_CONNECTION = 0;
const NO_BYTES = 0;
const NOTHING: readonly PushedMessage[] = [];

export class WrittenReceipts {
  readonly #deps: WrittenReceiptsDeps;
  /** With what waits for its write. */
  readonly #queued = new Map<Client, PushedMessage[]>();
  /** In the order of their writes, two at most: one that a frame may tell of, and one that gathers. */
  readonly #written = new Map<Client, Written[]>();
  #heard: Heard[] = [];
  #timer: NodeJS.Timeout | undefined;
  toldCount = 0;

  constructor(deps: WrittenReceiptsDeps) {
    this.#deps = deps;
  }

  /** In the client's queue now, or nothing that it is sent: then it waits for what is before it. */
  add(client: Client, { mid, conv, seq, from, clientId }: PushedMessage): void {
    const messages = this.#queued.get(client);
    const message = { mid, conv, seq, from, clientId };
    if (messages === undefined) this.#queued.set(client, [message]);
    else if (messages.length < MESSAGE_COUNT) messages.push(message);
    this.#tellLater();
  }

  /** The kernel has taken a write of its queue. */
  drained(client: Client): void {
    if (this.#queued.size === 0 || !client.outbound.isEmpty) return;
    this.#take(client);
  }

  /** A frame of the client came in, at `nowMs` or a little later. */
  heard(client: Client, nowMs: number): void {
    const written = this.#written.size === 0 ? undefined : this.#written.get(client);
    if (written === undefined) return;
    const left = written.filter(({ atMs }) => atMs + ROUND_TRIP_MS > nowMs);
    if (left.length === written.length) return;
    const messages = written.slice(0, written.length - left.length).flatMap((one) => one.messages);
    if (left.length === 0) this.#written.delete(client);
    else this.#written.set(client, left);
    this.#heard.push({ client, messages });
    this.#tellLater();
  }

  /** It has acknowledged what it was sent after these: they are received too. */
  takeBefore(client: Client, { conv, seq }: PushedMessage): readonly PushedMessage[] {
    const queued = this.#queued.get(client);
    const written = this.#written.get(client);
    if (queued === undefined && written === undefined) return NOTHING;
    const isBefore = (one: PushedMessage): boolean => one.conv === conv && one.seq < seq;
    const isLater = (one: PushedMessage): boolean => !isBefore(one);
    const taken = [...(written ?? []).flatMap(({ messages }) => messages), ...(queued ?? [])].filter(
      isBefore,
    );
    if (taken.length === 0) return NOTHING;
    if (queued !== undefined) this.#queued.set(client, queued.filter(isLater));
    for (const one of written ?? []) one.messages = one.messages.filter(isLater);
    return taken;
  }

  /** These are received, and nobody else tells it. */
  received(client: Client, messages: readonly PushedMessage[]): void {
    if (messages.length === 0) return;
    this.#heard.push({ client, messages });
    this.#tellLater();
  }

  /** What was not heard of yet is pushed at the next sign-in. */
  gone(client: Client): void {
    this.#queued.delete(client);
    this.#written.delete(client);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#tell();
    this.#queued.clear();
    this.#written.clear();
  }

  #take(client: Client): void {
    const messages = this.#queued.get(client);
    if (messages === undefined) return;
    this.#queued.delete(client);
    this.#wrote(client, messages, performance.now());
  }

  #wrote(client: Client, messages: readonly PushedMessage[], atMs: number): void {
    const written = this.#written.get(client) ?? [];
    this.#written.set(client, written);
    if (written.reduce((count, one) => count + one.messages.length, messages.length) > MESSAGE_COUNT) return;
    const last = written.at(-1);
    if (last !== undefined && (written.length > 1 || atMs - last.sinceMs < ROUND_TRIP_MS)) {
      last.messages = [...last.messages, ...messages];
      last.atMs = atMs;
    } else written.push({ messages, sinceMs: atMs, atMs });
  }

  #tellLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tell();
      if (this.#queued.size > 0) this.#tellLater();
    }, TELL_MS).unref();
  }

  #tell(): void {
    // Nothing was written for those that have no word for all that came.
    for (const client of this.#queued.keys()) if (!client.isWriting) this.drained(client);
    const heard = this.#heard;
    if (heard.length === 0) return;
    this.#heard = [];
    this.toldCount += heard.length;
    this.#deps.messaging.handle(
      heard.map(({ client, messages }) => ({
        connection: NO_CONNECTION,
        uid: client.uid,
        device: client.device,
        tokenVersion: client.tokenVersion,
        host: client.connection.host,
        dialect: client.dialect,
        address: client.connection.remoteAddress,
        frame: { kind: 'receipt', by: 'pushed', messages },
        bytes: NO_BYTES,
      })),
    );
  }
}
