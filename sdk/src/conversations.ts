/** All conversations of the user that this device knows: found by name, summed up, saved and restored. */
import { toUid } from '../../im/message/ids.js';
import { chatPeer } from '../../im/message/conversation.js';
import { Conversation } from './conversation.js';
import { ConversationLog } from './conversation_log.js';
import type { SavedState } from './types.js';
import type { LogEvent } from './wire.js';

type Saved = SavedState['conversations'];

export class Conversations {
  readonly #bufferLimit: number;
  readonly #show: (conversation: Conversation, message: LogEvent) => void;
  /** As many as the user has; the server bounds that. */
  readonly #byName = new Map<string, Conversation>();

  constructor(bufferLimit: number, show: (conversation: Conversation, message: LogEvent) => void) {
    this.#bufferLimit = bufferLimit;
    this.#show = show;
  }

  find(conv: string): Conversation | undefined {
    return this.#byName.get(conv);
  }

  all(): Iterable<Conversation> {
    return this.#byName.values();
  }

  /** `tip`: what is known already of a conversation that is new here. */
  open(conv: string, peer: number, tip: number): Conversation {
    const known = this.#byName.get(conv);
    if (known !== undefined) return known;
    const log = new ConversationLog(tip, this.#bufferLimit, (message) => this.#show(conversation, message));
    const conversation: Conversation = new Conversation(conv, peer, log);
    this.#byName.set(conv, conversation);
    return conversation;
  }

  totals(): { readonly count: number; readonly sum: number } {
    let sum = 0;
    for (const { log } of this.#byName.values()) sum += log.lastSeq;
    return { count: this.#byName.size, sum };
  }

  get areComplete(): boolean {
    for (const { log } of this.#byName.values()) if (!log.isComplete) return false;
    return true;
  }

  clear(): void {
    this.#byName.clear();
  }

  save(): Saved {
    return Array.from(this.#byName.values(), ({ conv, log, receipts, confirmed }) => ({
      conv,
      known: log.tip > 0 ? [1, log.tip] : [],
      ackedSeq: receipts.toAck,
      confirmedSeq: confirmed.acked,
    }));
  }

  restore(saved: Saved, uid: number): void {
    const self = toUid(uid);
    if (self === undefined) return;
    for (const { conv, known, ackedSeq, confirmedSeq = 0 } of saved) {
      const conversation = this.open(conv, chatPeer(conv, self) ?? 0, known[1] ?? 0);
      conversation.receipts.toAck = ackedSeq;
      // Rows that the next sync leaves out have not changed: without this all of them would be told again.
      conversation.confirmed.acked = Math.min(confirmedSeq, ackedSeq);
      conversation.untell();
    }
  }
}
