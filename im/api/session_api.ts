/**
 * session/recent, get, update and ticket, message/read: conversations as the older clients list them. They take every
 * row of the list for a person, so groups are in it only where that is asked for. Times in seconds.
 */
import { imError, type ErrorName } from '../errors.js';
import { addressee, conversationWith, type ConversationName } from '../message/conversation.js';
import { WORLD_GID } from '../message/group.js';
import { isGid, known, toSeq, type PeerId, type Seq, type Uid } from '../message/ids.js';
import { toSeconds } from '../message/wire_time.js';
import type { ConversationState, MessageStore } from '../store/interface.js';
import type { Caller, Receipts, TokenSigner } from './interface.js';

export interface SessionApiDeps {
  readonly messages: Pick<MessageStore, 'conversations' | 'openConversation' | 'mayWrite'>;
  readonly receipts: Pick<Receipts, 'read'>;
  readonly signer: Pick<TokenSigner, 'ticket'>;
  /** Whether there is a group of everybody, and how one comes into it. */
  readonly hasWorld: boolean;
  readonly enterWorld: (caller: Caller) => Promise<void>;
}

const RECENT_COUNT = 100;
const USER_SESSION = 1;
const GROUP_SESSION = 2;

export class SessionApi {
  readonly #deps: SessionApiDeps;

  constructor(deps: SessionApiDeps) {
    this.#deps = deps;
  }

  async recent(groups: boolean, { uid, device }: Caller): Promise<unknown> {
    const which = groups ? undefined : 'people';
    const rows = await this.#deps.messages.conversations(uid, device, RECENT_COUNT, which);
    return rows.map((row) => sessionAnswer(uid, row));
  }

  /** Makes the one with a person if it is missing; else throws what a message to the peer would be refused with. */
  async get(peer: PeerId, caller: Caller): Promise<unknown> {
    return sessionAnswer(caller.uid, await this.#open(peer, caller));
  }

  /** As `get`; a `readSeq` above 0 says that everything up to it has been read, and the peer is told. */
  async update(input: { readonly to: PeerId; readonly readSeq: Seq }, caller: Caller): Promise<unknown> {
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
    const peer = addressee(conv, caller.uid);
    if (peer === undefined) throw imError('NO_PERMISSION');
    const { lastSeq } = await this.#open(peer, caller);
    return this.update({ to: peer, readSeq: lastSeq }, caller);
  }

  /**
   * One public client asks for it before its first message to somebody. Throws what a message to him would be
   * refused with now: NO_SUCH_USER, BLOCKED, CONTACTS_ONLY, NO_SUCH_GROUP, NOT_A_MEMBER and so on. Whoever asks for
   * one to the group of everybody is in it then: that client knows no other way in.
   */
  async ticket(peer: PeerId, caller: Caller): Promise<unknown> {
    const { uid } = caller;
    if (peer === WORLD_GID && !this.#deps.hasWorld) throw imError('NO_SUCH_GROUP');
    const refusal = await this.#refusal(uid, peer);
    if (peer === WORLD_GID && refusal === 'NOT_A_MEMBER') await this.#deps.enterWorld(caller);
    else if (refusal !== undefined) throw imError(refusal);
    const ticket = this.#deps.signer.ticket(uid, peer);
    return { Ticket: ticket, ticket };
  }

  async #refusal(from: Uid, to: PeerId): Promise<ErrorName | undefined> {
    const [refusal] = await this.#deps.messages.mayWrite([{ from, to }]);
    return refusal;
  }

  async #open(peer: PeerId, { uid, device }: Caller): Promise<ConversationState> {
    const { messages } = this.#deps;
    const conv = conversationWith(uid, peer);
    const [existing] = await messages.conversations(uid, device, 1, conv);
    if (existing !== undefined) return existing;
    // Who may not write to somebody must not put a conversation in his way either.
    const refusal = await this.#refusal(uid, peer);
    if (refusal !== undefined) throw imError(refusal);
    // A member has it from when he came in.
    if (isGid(peer)) throw imError('NOT_A_MEMBER');
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
    Type: isGid(row.peer) ? GROUP_SESSION : USER_SESSION,
    Unread: row.unread,
    LastMid: row.lastMid,
    LastSeq: row.lastSeq,
    ReadSeq: row.readSeq,
    UpdateAt: toSeconds(row.lastAtMs),
    CreateAt: toSeconds(row.createdAtMs),
  };
}
