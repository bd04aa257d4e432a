/** conversation/read and unread, contacts/update/mid: what has been read, of any conversation, and what has not. */
import { imError } from '../errors.js';
import { chatConversation, type ConversationName } from '../message/conversation.js';
import { known, toSeq, type Mid, type Seq, type Uid } from '../message/ids.js';
import type { EventStore } from '../store/event_interface.js';
import type { MessageStore } from '../store/interface.js';
import type { Caller, Receipts } from './interface.js';

export interface UnreadApiDeps {
  readonly messages: Pick<MessageStore, 'conversations' | 'locate'>;
  readonly events: Pick<EventStore, 'unread'>;
  readonly receipts: Pick<Receipts, 'read'>;
}

export class UnreadApi {
  readonly #deps: UnreadApiDeps;

  constructor(deps: UnreadApiDeps) {
    this.#deps = deps;
  }

  /** Everything up to `seq` has been read; 0: everything. Throws NO_PERMISSION. */
  async read(
    { conv, seq }: { readonly conv: ConversationName; readonly seq: Seq },
    caller: Caller,
  ): Promise<unknown> {
    const [row] = await this.#deps.messages.conversations(caller.uid, caller.device, 1, conv);
    if (row === undefined) throw imError('NO_PERMISSION');
    const upTo = seq === 0 ? row.lastSeq : Math.min(seq, row.lastSeq);
    if (upTo <= row.readSeq) return { conv, readSeq: row.readSeq };
    // What was read on another device counts as received on this one.
    const from = Math.max(row.firstSeq, Math.min(row.deviceSeq, row.readSeq) + 1);
    if (from <= upTo) await this.#deps.receipts.read(caller, conv, known(toSeq(from)), known(toSeq(upTo)));
    return { conv, readSeq: upTo };
  }

  /** As an older client says it: up to that message of the other user's, or its own. Throws NO_SUCH_MESSAGE. */
  async readToMid(
    { uid: peer, mid }: { readonly uid: Uid; readonly mid: Mid },
    caller: Caller,
  ): Promise<unknown> {
    const conv = chatConversation(caller.uid, peer);
    const [found] = await this.#deps.messages.locate(caller.uid, [mid]);
    if (found?.conv !== conv) throw imError('NO_SUCH_MESSAGE');
    await this.read({ conv, seq: found.seq }, caller);
    return '';
  }

  async unread({ uid }: Caller): Promise<unknown> {
    return { ...(await this.#deps.events.unread(uid)) };
  }
}
