/**
 * The one way in which the api changes a group: as a draft with the notice that tells of it, over the broker to
 * whoever owns the group. What may be done is decided by the store, under the group's lock.
 */
import type { Broker } from '../broker/interface.js';
import { imError } from '../errors.js';
import type { GroupDraft } from '../group/interface.js';
import { groupConversation } from '../message/conversation.js';
import type { Gid, Seq, Uid } from '../message/ids.js';
import { EVENT_KIND } from '../message/message.js';
import { NOTICE_TYPE, readNotice, type GroupNotice } from '../message/notice.js';
import type { EventDraft } from '../store/interface.js';
import type { GroupChange, GroupDeed } from '../store/group_interface.js';
import type { Caller } from './interface.js';

type Without<Union, Keys extends PropertyKey> = Union extends unknown ? Omit<Union, Keys> : never;

/** What is to be done; by whom says the caller. */
export type Deed = Without<GroupChange, 'kind' | 'by'>;

export interface ChangeRequest {
  readonly gid: Gid;
  readonly deed: Deed;
  /** Of the request; undefined where a repeat is meant to be another. */
  readonly clientId: string | undefined;
}

export interface Changed {
  /** The event that tells of it; 0 where there was nothing to tell. */
  readonly seq: Seq | 0;
  readonly notice: GroupNotice | undefined;
  /** It was done when it was asked for first, what has happened since is not looked at; a request that is there already. */
  readonly isRepeat?: true;
}

export interface GroupChangesDeps {
  readonly broker: Broker;
  readonly randomText: (length: number) => string;
}

/** Those of which members hear nothing: no event comes with them. */
const UNTOLD: ReadonlySet<GroupDeed> = new Set<GroupDeed>(['ask', 'deny', 'link', 'unlink']);
const CLIENT_ID_LENGTH = 24;

export class GroupChanges {
  readonly #deps: GroupChangesDeps;

  constructor(deps: GroupChangesDeps) {
    this.#deps = deps;
  }

  /** Throws what the store refuses it with, or what a store may throw. */
  async change(request: ChangeRequest, caller: Caller): Promise<Changed> {
    const answer = await this.#deps.broker.change(this.#draft(request, caller));
    switch (answer.outcome) {
      case 'stored':
        return { seq: answer.event.seq, notice: noticeOf(answer.content) };
      case 'changed':
        return { seq: 0, notice: undefined, ...(answer.isRepeated === true && { isRepeat: true }) };
      case 'duplicate': {
        const { kind, seq, content } = answer.event;
        if (kind !== EVENT_KIND.notice) throw imError('BAD_CLIENT_ID', 'it names a message');
        return { seq, notice: noticeOf(content), isRepeat: true };
      }
      case 'refused':
        throw imError(answer.error);
    }
  }

  #draft({ gid, deed, clientId }: ChangeRequest, caller: Caller): GroupDraft {
    const conv = groupConversation(gid);
    const change: GroupChange = { kind: 'group', by: caller.uid, ...deed };
    if (UNTOLD.has(deed.do)) return { conv, change, isAnswered: false };
    const event: EventDraft = {
      kind: EVENT_KIND.notice,
      from: caller.uid,
      device: caller.device,
      to: gid,
      clientId: clientId ?? `api-${this.#deps.randomText(CLIENT_ID_LENGTH)}`,
      mid: 0,
      type: NOTICE_TYPE,
      // The store's to write, from what it really changed.
      content: '',
      sentAtMs: 0,
    };
    return { conv, event, change, isAnswered: false };
  }
}

function noticeOf(content: string | undefined): GroupNotice | undefined {
  return content === undefined ? undefined : readNotice(content);
}

/** Whom a notice of members names. */
export function namedIn(notice: GroupNotice | undefined): readonly Uid[] {
  return notice !== undefined && 'uids' in notice ? notice.uids : [];
}
