/** All conversations of the user that this device knows: found by name, summed up, saved and restored. */
import { toUid } from '../../im/message/ids.js';
import { addressee, groupOf, toConversation } from '../../im/message/conversation.js';
import { Conversation } from './conversation.js';
import { ConversationLog } from './conversation_log.js';
import { bringsIn } from './happenings.js';
import type { SavedState, UnreadTotals } from './types.js';
import type { SyncedConversation } from './wire.js';
import type { LogEvent } from './wire_events.js';

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

  /** One that an event begins. A group does with the notice that this user came in: what lies before is history. */
  begin(event: LogEvent, uid: number): Conversation | undefined {
    const { conv, seq, own, from, to } = event;
    if (groupOf(conv) === undefined) return this.open(conv, own ? to : from, 0);
    if (!bringsIn(event, uid)) return undefined;
    const begun = this.open(conv, to, seq - 1);
    // He comes in by it: what he may read of what lies before only a row says, and that is then asked for.
    begun.isMember = false;
    return begun;
  }

  /** One that a row tells of. A device that has never said what it has of a group begins where its user stopped reading. */
  openAt({ conv, peer, firstSeq, deviceSeq, readSeq }: SyncedConversation): Conversation {
    const begunSeq = deviceSeq === 0 && groupOf(conv) !== undefined ? readSeq : deviceSeq;
    return this.open(conv, peer, Math.max(begunSeq, firstSeq - 1));
  }

  totals(): { readonly count: number; readonly sum: number } {
    let sum = 0;
    for (const { log } of this.#byName.values()) sum += log.lastSeq;
    return { count: this.#byName.size, sum };
  }

  get areComplete(): boolean {
    for (const conversation of this.#byName.values()) if (!conversation.isUpToDate) return false;
    return true;
  }

  clear(): void {
    this.#byName.clear();
  }

  /** Messages of others that are not read, as `conversation/unread` has them. */
  unread(): UnreadTotals {
    let [unread, muted, mentions, conversations] = [0, 0, 0, 0];
    for (const conversation of this.#byName.values()) {
      const { count } = conversation.unread;
      if (conversation.settings.hidden || count === 0) continue;
      mentions += conversation.unread.mentions;
      if (conversation.settings.muted) muted += count;
      else {
        unread += count;
        conversations++;
      }
    }
    return { unread, muted, mentions, conversations };
  }

  save(): Saved {
    return Array.from(this.#byName.values(), ({ conv, log, receipts, confirmed, row }) => ({
      conv,
      known: log.tip > 0 ? [1, log.tip] : [],
      ackedSeq: receipts.toAck,
      confirmedSeq: confirmed.acked,
      confirmedReadSeq: confirmed.read,
      row,
    }));
  }

  restore(saved: Saved, uid: number): void {
    const self = toUid(uid);
    if (self === undefined) return;
    for (const { conv, known, ackedSeq, confirmedSeq = 0, confirmedReadSeq, row } of saved) {
      const name = toConversation(conv);
      const peer = name === undefined ? undefined : addressee(name, self);
      if (peer === undefined) continue;
      const conversation = this.open(conv, peer, known[1] ?? 0);
      if (row !== undefined) conversation.restore(row);
      conversation.receipts.toAck = ackedSeq;
      // Rows that the next sync leaves out have not changed: without this all of them would be told again.
      conversation.confirmed.acked = Math.min(confirmedSeq, ackedSeq);
      // What was read without a connection is still to be told.
      const { confirmed, readSeq } = conversation;
      confirmed.read = Math.min(confirmedReadSeq ?? readSeq, readSeq);
      if (confirmed.read < readSeq && conversation.unread.count > 0) conversation.miscounted();
      conversation.untell();
    }
  }
}
