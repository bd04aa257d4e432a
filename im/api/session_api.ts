/** session/recent, get, update and ticket, message/read: the 1:1 conversations as the older clients list them. Times in seconds. */
import { imError } from '../errors.js';
import { chatConversation, chatPeer, type ConversationName } from '../message/conversation.js';
import { known, toSeq, type Seq, type Uid } from '../message/ids.js';
import { toSeconds } from '../message/wire_time.js';
import type { ConversationState, MessageStore } from '../store/interface.js';
import type { Caller, Receipts, TokenSigner } from './interface.js';

export interface SessionApiDeps {
  readonly messages: Pick<MessageStore, 'conversations' | 'openConversation' | 'mayWrite'>;
  readonly receipts: Pick<Receipts, 'read'>;
  readonly signer: Pick<TokenSigner, 'ticket'>;
}

const RECENT_COUNT = 100;
const USER_SESSION = 1;

export class SessionApi {
  readonly #deps: SessionApiDeps;

  constructor(deps: SessionApiDeps) {
    this.#deps = deps;
  }

  async recent({ uid, device }: Caller): Promise<unknown> {
    const rows = await this.#deps.messages.conversations(uid, device, RECENT_COUNT);
    return rows.map((row) => sessionAnswer(uid, row));
  }

  /** Makes the conversation if it is missing; else throws what a message to the peer would be refused with. */
  async get(peer: Uid, caller: Caller): Promise<unknown> {
    return sessionAnswer(caller.uid, await this.#open(peer, caller));
  }

  /** As `get`; a `readSeq` above 0 says that everything up to it has been read, and the peer is told. */
  async update(input: { readonly to: Uid; readonly readSeq: Seq }, caller: Caller): Promise<unknown> {
    const before = await this.#open(input.to, caller);
    const upTo = Math.min(input.readSeq, before.lastSeq);
    if (upTo <= before.readSeq) return sessionAnswer(caller.uid, before);
    // What was read on another device counts as received on this one.
    const from = Math.min(before.deviceSeq, before.readSeq) + 1;
    await this.#deps.receipts.read(caller, before.conv, known(toSeq(from)), known(toSeq(upTo)));
    return sessionAnswer(caller.uid, await this.#open(input.to, caller));
  }

  /** Everything that is there has been read. Throws NO_PERMISSION where the caller has no part in `conv`. */
  async read(conv: ConversationName, caller: Caller): Promise<unknown> {
    const peer = chatPeer(conv, caller.uid);
    if (peer === undefined) throw imError('NO_PERMISSION');
    const { lastSeq } = await this.#open(peer, caller);
    return this.update({ to: peer, readSeq: lastSeq }, caller);
  }

  /**
   * One public client asks for it before its first message to somebody. Throws what a message to him would be
   * refused with now: NO_SUCH_USER, BLOCKED, CONTACTS_ONLY.
   */
  async ticket(peer: Uid, { uid }: Caller): Promise<unknown> {
    const [refusal] = await this.#deps.messages.mayWrite([{ from: uid, to: peer }]);
    if (refusal !== undefined) throw imError(refusal);
    const ticket = this.#deps.signer.ticket(uid, peer);
    return { Ticket: ticket, ticket };
  }

  async #open(peer: Uid, { uid, device }: Caller): Promise<ConversationState> {
    const { messages } = this.#deps;
    const conv = chatConversation(uid, peer);
    const [existing] = await messages.conversations(uid, device, 1, conv);
    if (existing !== undefined) return existing;
    // Who may not write to somebody must not put a conversation in his way either.
    const [refusal] = await messages.mayWrite([{ from: uid, to: peer }]);
    if (refusal !== undefined) throw imError(refusal);
    await messages.openConversation(uid, peer);
    const [opened] = await messages.conversations(uid, device, 1, conv);
    if (opened === undefined) throw imError('INTERNAL');
    return opened;
  }
}

function sessionAnswer(uid: Uid, row: ConversationState): Readonly<Record<string, unknown>> {
  return {
    Uid1: Math.min(uid, row.peer),
    Uid2: Math.max(uid, row.peer),
    To: row.peer,
    Type: USER_SESSION,
    Unread: row.unread,
    LastMid: row.lastMid,
    LastSeq: row.lastSeq,
    ReadSeq: row.readSeq,
    UpdateAt: toSeconds(row.lastAtMs),
    CreateAt: toSeconds(row.createdAtMs),
  };
}
