/**
 * A sender who says again what is stored already was not told what became of it, or lost it: where the receiver has
 * it by now, he is told so once more. Behind the acks, and gathered: one look at the store for all who ask meanwhile.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { Uid } from '../message/ids.js';
import { chatPeer } from '../message/conversation.js';
import type { ChatEvent } from '../message/message.js';
import type { MessageStore } from '../store/interface.js';
import type { Reply, ReplySink } from './interface.js';
import { messageNews } from './receipt_news.js';
import { RelayRights } from './relay_rights.js';

/** A message of a chat, and who said it again. */
export interface RepeatedMessage {
  readonly event: Pick<ChatEvent, 'conv' | 'seq' | 'mid' | 'clientId' | 'from'>;
  readonly connection: number;
}

export interface RepeatedMessagesDeps {
  readonly store: Pick<MessageStore, 'delivered' | 'mayWrite'>;
  /** Writes the receipts that wait to be written. Never rejects. */
  readonly receipts: { written(uids: readonly Uid[]): Promise<void> };
  readonly replies: ReplySink;
  readonly logger: Logger;
}

/** What came meanwhile is looked up together. */
const GATHER_MS = 50;
/** Waiting for their look; whoever says it once more is told then. */
const WAITING_LIMIT = 4096;
/** As for receipts: a block holds a little later than for messages. */
const RIGHTS = { relayRightsMs: 5000, relayRightsCount: 50_000 } as const;

export class RepeatedMessages {
  readonly #deps: RepeatedMessagesDeps;
  readonly #rights: RelayRights;
  #waiting: RepeatedMessage[] = [];
  #isLooking = false;

  constructor(deps: RepeatedMessagesDeps) {
    this.#deps = deps;
    this.#rights = new RelayRights(RIGHTS, { store: deps.store, nowMs: () => performance.now() });
  }

  add(messages: readonly RepeatedMessage[]): void {
    if (messages.length === 0) return;
    this.#waiting.push(...messages.slice(0, WAITING_LIMIT - this.#waiting.length));
    if (this.#isLooking) return;
    this.#isLooking = true;
    setTimeout(() => void this.#run(), GATHER_MS).unref();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const asked = this.#waiting;
    this.#waiting = [];
    try {
      await this.#tell(asked);
    } catch (error) {
      this.#deps.logger.warn(
        { err: error, messages: asked.length },
        'who has a repeated message could not be read',
      );
    }
    this.#isLooking = false;
    if (this.#waiting.length > 0) this.add(this.#waiting.splice(0));
  }

  async #tell(asked: readonly RepeatedMessage[]): Promise<void> {
    const places = asked.flatMap(({ event, connection }) => {
      const uid = chatPeer(event.conv, event.from);
      return uid === undefined ? [] : [{ uid, conv: event.conv, event, connection }];
    });
    // What was received within the last second is not in the marks yet.
    await this.#deps.receipts.written(places.map(({ uid }) => uid));
    const marks = await this.#deps.store.delivered(places.map(({ uid, conv }) => ({ uid, conv })));
    const received = places.filter(({ event }, index) => event.seq <= (marks[index] ?? 0));
    if (received.length === 0) return;
    // Whoever blocked the receiver hears nothing of him, as of any receipt.
    const pairs = received.map(({ uid, event }) => ({ from: uid, to: event.from }));
    const refusals = await this.#rights.refusals(pairs);
    const wanted = received.filter((_one, index) => refusals[index] !== 'BLOCKED');
    const replies = wanted.map(({ connection, event, uid }): Reply => {
      const { frame } = messageNews(event, uid);
      return { connection, frame, ends: false, bytes: 0 };
    });
    if (replies.length > 0) this.#deps.replies.reply(replies);
  }
}
