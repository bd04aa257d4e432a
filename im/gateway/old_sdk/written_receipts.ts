/**
 * Receipts that an old client will never send, made here: the public web SDK acknowledges no message of a group, and
 * nobody acknowledges what his dialect has no word for, or his own messages from another device. They count as
 * received when the device has shown that it has them: behind them goes a probe, which every WebSocket library
 * answers by itself and in order. Nothing less is proof: a kernel takes megabytes for a peer that reads nothing, and
 * what comes from it meanwhile may have been sent long before.
 *
 *   pushed ─► waiting ─► a probe is queued behind it ─► answered ─► a receipt
 *                └────────────┴── gone: pushed at the next sign-in, the SDK knows it by its cliMid
 *
 * Sooner where the client acknowledges what it was sent after them in the same conversation: with that, because a
 * mark does not rise over what is acknowledged later than what follows it.
 */
import type { Messaging } from '../../messaging/interface.js';
import type { PushedMessage } from '../../message/message.js';
import type { Client } from '../client.js';

export interface WrittenReceiptsDeps {
  readonly messaging: Messaging;
  readonly schedule: (client: Client) => void;
}

interface Received {
  readonly client: Client;
  readonly messages: readonly PushedMessage[];
}

/** Of one client; kept as long as it is there, so that its next probe is not asked too soon. */
interface Unproved {
  /** Before the probe under way; undefined: there is none. One that never answers is asked no more. */
  asked: readonly PushedMessage[] | undefined;
  /** Pushed since. */
  waiting: PushedMessage[];
  askedAtMs: number;
}

/** Of one client; more are not told, and pushed again at its next sign-in. */
const MESSAGE_COUNT = 1024;
/** Where so many wait, the next probe goes at once. */
const MANY_COUNT = MESSAGE_COUNT / 2;
const LOOK_MS = 200;
/** Between two probes of one client: what is pushed meanwhile gathers. */
const PROBE_EVERY_MS = 1000;
/** A message of a large group is one of thousands of clients, and each probe brings an answer to be read. */
const PROBES_PER_LOOK = 500;
/** Of a frame, to whoever counts them: these belong to no connection. */
const NO_CONNECTION = 0;
const NO_BYTES = 0;
const NOTHING: readonly PushedMessage[] = [];

export class WrittenReceipts {
  readonly #deps: WrittenReceiptsDeps;
  readonly #unproved = new Map<Client, Unproved>();
  /** Those of them with something waiting and no probe under way, the longest first. */
  readonly #due = new Map<Client, Unproved>();
  #received: Received[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** What was kept of the last event: one for all members of a group. */
  #last: { readonly event: PushedMessage; readonly kept: PushedMessage } | undefined;

  constructor(deps: WrittenReceiptsDeps) {
    this.#deps = deps;
  }

  /** In the client's queue now, or nothing that it is sent: then it waits for what is before it. */
  add(client: Client, event: PushedMessage): void {
    let one = this.#unproved.get(client);
    if (one === undefined) {
      one = { asked: undefined, waiting: [], askedAtMs: -Infinity };
      this.#unproved.set(client, one);
    }
    if ((one.asked?.length ?? 0) + one.waiting.length >= MESSAGE_COUNT) return;
    one.waiting.push(this.#kept(event));
    if (one.asked === undefined) this.#await(client, one);
  }

  /** It has acknowledged what it was pushed after these: they are received too. */
  takeBefore(client: Client, { conv, seq }: PushedMessage): readonly PushedMessage[] {
    const one = this.#unproved.get(client);
    if (one === undefined) return NOTHING;
    const isBefore = (message: PushedMessage): boolean => message.conv === conv && message.seq < seq;
    const isLater = (message: PushedMessage): boolean => !isBefore(message);
    const taken = [...(one.asked ?? NOTHING), ...one.waiting].filter(isBefore);
    if (taken.length === 0) return NOTHING;
    one.asked = one.asked?.filter(isLater);
    one.waiting = one.waiting.filter(isLater);
    return taken;
  }

  /** These are received, and nobody else tells it. */
  received(client: Client, messages: readonly PushedMessage[]): void {
    if (messages.length === 0) return;
    this.#received.push({ client, messages });
    this.#lookLater();
  }

  /** Tells now what is received: before somebody reads what is missing. */
  tell(): void {
    const received = this.#received;
    if (received.length === 0) return;
    this.#received = [];
    this.#deps.messaging.handle(
      received.map(({ client, messages }) => ({
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

  /** What it has not shown to have is pushed at the next sign-in. */
  gone(client: Client): void {
    this.#unproved.delete(client);
    this.#due.delete(client);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.tell();
    this.#unproved.clear();
    this.#due.clear();
  }

  /** Contents are not kept. */
  #kept(event: PushedMessage): PushedMessage {
    if (this.#last?.event !== event) {
      const { mid, conv, seq, from, clientId } = event;
      this.#last = { event, kept: { mid, conv, seq, from, clientId } };
    }
    return this.#last.kept;
  }

  #await(client: Client, one: Unproved): void {
    this.#due.set(client, one);
    if (one.waiting.length >= MANY_COUNT) this.#ask(client, one, performance.now());
    this.#lookLater();
  }

  #lookLater(): void {
    this.#timer ??= setTimeout(() => this.#look(), LOOK_MS).unref();
  }

  #look(): void {
    this.#timer = undefined;
    this.tell();
    const nowMs = performance.now();
    let left = PROBES_PER_LOOK;
    for (const [client, one] of this.#due) {
      if (nowMs < one.askedAtMs + PROBE_EVERY_MS) continue;
      this.#ask(client, one, nowMs);
      if (--left === 0) break;
    }
    if (this.#due.size > 0) this.#lookLater();
  }

  #ask(client: Client, one: Unproved, nowMs: number): void {
    // Taken meanwhile by a receipt for what came after them.
    if (one.waiting.length === 0) {
      this.#due.delete(client);
      return;
    }
    const probe = client.connection.probe(() => this.#proved(client, one));
    if (probe === undefined) return;
    this.#due.delete(client);
    one.asked = one.waiting;
    one.waiting = [];
    one.askedAtMs = nowMs;
    client.outbound.enqueue(probe);
    this.#deps.schedule(client);
  }

  #proved(client: Client, one: Unproved): void {
    if (this.#unproved.get(client) !== one || one.asked === undefined) return;
    this.received(client, one.asked);
    one.asked = undefined;
    if (one.waiting.length > 0) this.#await(client, one);
  }
}
