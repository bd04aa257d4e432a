/**
 * Deliveries to this gateway's connections: each frame encoded once per dialect, into the queue of everybody it is
 * for. What is only for clients that find holes themselves stands here, the rest in old_sdk/. Steps 8 and 9 of the
 * message path.
 */
import type { ConversationName } from '../message/conversation.js';
import type { Uid } from '../message/ids.js';
import type { DownFrame } from '../message/message.js';
import type { Client } from './client.js';
import type { ClientDirectory } from './client_directory.js';
import type { Delivery, DeliveryOutcome } from './interface.js';
import type { OldSdks } from './old_sdk/old_sdks.js';
import { SharedFrame } from './shared_frame.js';

export interface DelivererDeps {
  readonly directory: Pick<ClientDirectory, 'clientsOf'>;
  readonly oldSdks: Pick<OldSdks, 'push' | 'pushReceipt' | 'willPush'>;
  readonly schedule: (client: Client) => void;
  /** For what goes to many at once: may wait a little for more, under load. */
  readonly scheduleLater: (client: Client) => void;
}

const NOBODY: DeliveryOutcome = { absent: [] };

export class Deliverer {
  readonly #deps: DelivererDeps;
  pushedCount = 0;
  letGoCount = 0;
  /** Passed-on frames that met a full queue: nobody promised them, nothing is marked for them. */
  relayDropCount = 0;
  /** Of these, the ones that nobody will notice though they should be: stays 0. */
  undetectedDropCount = 0;
  /** Of these, what is no message, for old clients: there is no word to tell them of it. */
  droppedNoticeCount = 0;

  constructor(deps: DelivererDeps) {
    this.#deps = deps;
  }

  async deliver(deliveries: readonly Delivery[]): Promise<readonly DeliveryOutcome[]> {
    const translations: Promise<void>[] = [];
    const outcomes = deliveries.map((delivery) => this.#deliverOne(delivery, translations));
    // Whoever causes reads for old clients waits for them: that bounds how many there are.
    if (translations.length > 0) await Promise.all(translations);
    return outcomes;
  }

  #deliverOne({ frame, recipients }: Delivery, translations: Promise<void>[]): DeliveryOutcome {
    const shared = new SharedFrame(frame);
    let absent: Uid[] | undefined;
    for (const { uid, exceptDevice, onlyDevice } of recipients) {
      const clients = this.#deps.directory.clientsOf(uid);
      if (clients.length === 0) (absent ??= []).push(uid);
      for (const client of clients) {
        if (client.device === exceptDevice) continue;
        if (onlyDevice !== undefined && client.device !== onlyDevice) continue;
        const translation = this.#pushTo(client, shared);
        if (translation !== undefined) translations.push(translation);
      }
    }
    return absent === undefined ? NOBODY : { absent };
  }

  #pushTo(client: Client, shared: SharedFrame): Promise<void> | undefined {
    const { frame } = shared;
    if (frame.kind === 'relay') {
      this.relay(client, shared);
      return undefined;
    }
    if (!client.isModern) {
      if (frame.kind === 'push') {
        this.#deps.oldSdks.push(client, frame, shared);
        return undefined;
      }
      if (frame.kind === 'receipt') return this.#deps.oldSdks.pushReceipt(client, frame, shared);
    } else if (frame.kind === 'push') this.#deps.oldSdks.willPush(client, frame.event);
    this.#enqueue(client, conversationOf(frame), shared);
    this.#deps.schedule(client);
    return undefined;
  }

  /** An event of a group to one of its members. On the way of every one of them: nothing is made here. */
  pushEvent(client: Client, shared: SharedFrame): void {
    const { frame } = shared;
    if (frame.kind !== 'push') return;
    if (!client.isModern) return this.#deps.oldSdks.push(client, frame, shared);
    this.#enqueue(client, frame.event.conv, shared);
    this.#deps.scheduleLater(client);
  }

  /** How many messages came there. */
  pushCount(client: Client, conv: ConversationName, shared: SharedFrame): void {
    this.#enqueue(client, conv, shared);
    this.#deps.scheduleLater(client);
  }

  #enqueue(client: Client, conv: ConversationName | undefined, shared: SharedFrame): void {
    for (const chunk of shared.chunks(client.dialect, client.connection.format)) {
      if (client.outbound.enqueuePush(chunk, conv)) this.pushedCount++;
      else this.#letGo(client);
    }
  }

  relay(client: Client, shared: SharedFrame): void {
    for (const chunk of shared.chunks(client.dialect, client.connection.format)) {
      if (client.outbound.fits(chunk.length)) client.outbound.enqueue(chunk);
      else this.relayDropCount++;
    }
    this.#deps.schedule(client);
  }

  /** An old client's messages go another way, which brings them later; what is left are notices. */
  #letGo(client: Client): void {
    this.letGoCount++;
    if (!client.isModern) this.droppedNoticeCount++;
    else if (!client.outbound.isMarked) this.undetectedDropCount++;
  }
}

/** What a sync brings back if this push is let go: one conversation, or anything. */
function conversationOf(frame: DownFrame): ConversationName | undefined {
  if (frame.kind === 'push') return frame.event.conv;
  return frame.kind === 'receipt' ? frame.conv : undefined;
}
