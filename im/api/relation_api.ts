/**
 * session/blacklist and whitelist: whom a user refuses, and whom he takes messages from in any case. Each entry is
 * written under the lock of that conversation, so it holds for the very next message.
 */
import { imError } from '../errors.js';
import { chatConversation } from '../message/conversation.js';
import type { Uid } from '../message/ids.js';
import type { Presence } from '../presence/interface.js';
import type { Appender, RelationList } from '../store/interface.js';
import type { ContactStore, User } from '../store/people_interface.js';
import type { Caller } from './interface.js';

export interface RelationApiDeps {
  readonly contacts: Pick<ContactStore, 'related'>;
  readonly appender: Pick<Appender, 'append'>;
  readonly presence: Pick<Presence, 'rightsChanged'>;
}

/** Of one list; the list is answered whole. */
const LIST_LIMIT = 1000;

export class RelationApi {
  readonly #deps: RelationApiDeps;

  constructor(deps: RelationApiDeps) {
    this.#deps = deps;
  }

  async list(list: RelationList, { uid }: Caller): Promise<unknown> {
    return (await this.#deps.contacts.related(uid, list)).map(relatedAnswer);
  }

  /** Throws NO_SUCH_USER; the others of the list are on it then. INVALID_PARAMETER where it would be too long. */
  async add(list: RelationList, peers: readonly Uid[], caller: Caller): Promise<unknown> {
    const there = new Set((await this.#deps.contacts.related(caller.uid, list)).map(({ uid }) => uid));
    for (const peer of peers) there.add(peer);
    if (there.size > LIST_LIMIT) throw imError('INVALID_PARAMETER', `a list holds at most ${LIST_LIMIT}`);
    return this.#set(list, peers, true, caller);
  }

  /** Those who are not on it are no error. */
  remove(list: RelationList, peers: readonly Uid[], caller: Caller): Promise<unknown> {
    return this.#set(list, peers, false, caller);
  }

  async #set(list: RelationList, peers: readonly Uid[], on: boolean, { uid }: Caller): Promise<unknown> {
    if (peers.length === 0 || peers.includes(uid)) throw imError('INVALID_PARAMETER', 'relative_ids');
    const answers = await Promise.allSettled(
      peers.map((peer) =>
        this.#deps.appender.append({
          conv: chatConversation(uid, peer),
          change: { kind: 'relation', uid, peer, list, on },
        }),
      ),
    );
    // Also where some of them failed: whom he refuses now must not hear of him.
    this.#deps.presence.rightsChanged([uid]);
    for (const answer of answers) {
      if (answer.status === 'rejected') throw answer.reason;
      if (answer.value.outcome === 'refused') throw imError(answer.value.error);
    }
    return '';
  }
}

/** The account and the e-mail are keys that one client's type names; they are nobody else's business. */
function relatedAnswer({ uid, nickname, avatar }: User): Readonly<Record<string, unknown>> {
  return {
    id: uid,
    user_info: {
      Uid: uid,
      Account: '',
      Nickname: nickname,
      Email: '',
      Avatar: avatar,
      uid,
      account: '',
      nickname,
      nick_name: nickname,
      email: '',
      avatar,
    },
  };
}
