/**
 * Receipts that an old client will never send, made here: the public web SDK acknowledges no message of a group, and
 * nobody acknowledges what his dialect has no word for. What its socket has taken counts as received by the device,
 * so that it is not pushed again at the next sign-in. No frame comes of it; what is lost is pushed once more.
 */
import type { Messaging } from '../../messaging/interface.js';
import type { PushedMessage } from '../../message/message.js';
import type { Client } from '../client.js';

export interface WrittenReceiptsDeps {
  readonly messaging: Messaging;
}

interface Written {
  readonly client: Client;
  readonly messages: readonly PushedMessage[];
}

/** Waiting for the write of one client; more are not told, and pushed again at its next sign-in. */
const MESSAGE_COUNT = 1024;
const TELL_MS = 200;
/** Of a frame, to whoever counts them: these belong to no connection. */
const NO_CONNECTION = 0;
const NO_BYTES = 0;

export class WrittenReceipts {
  readonly #deps: WrittenReceiptsDeps;
  /** With what waits for its write. */
  readonly #queued = new Map<Client, PushedMessage[]>();
  #written: Written[] = [];
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

  /** What was not written yet is pushed at the next sign-in. */
  gone(client: Client): void {
    this.#queued.delete(client);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#tell();
    this.#queued.clear();
  }

  #take(client: Client): void {
    const messages = this.#queued.get(client);
    if (messages === undefined) return;
    this.#queued.delete(client);
    this.#written.push({ client, messages });
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
    const written = this.#written;
    if (written.length === 0) return;
    this.#written = [];
    this.toldCount += written.length;
    this.#deps.messaging.handle(
      written.map(({ client, messages }) => ({
        connection: NO_CONNECTION,
        uid: client.uid,
        device: client.device,
        tokenVersion: client.tokenVersion,
        host: client.connection.host,
        profile: client.profile ?? 'web',
        address: client.connection.remoteAddress,
        frame: { kind: 'receipt', by: 'pushed', messages },
        bytes: NO_BYTES,
      })),
    );
  }
}
