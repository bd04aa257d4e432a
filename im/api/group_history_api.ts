/**
 * msg/group/history, recent, range, state and state/all: what was said in a group, for clients without a log of
 * their own, and how far it has come. Within the intervals in which the caller is or was a member.
 */
import { imError, isError } from '../errors.js';
import { groupConversation, type ConversationName } from '../message/conversation.js';
import { known, toSeq, type Gid, type Mid, type Seq, type Uid } from '../message/ids.js';
import { EVENT_KIND, type ChatEvent } from '../message/message.js';
import { readRecall } from '../message/recall.js';
import { toSeconds } from '../message/wire_time.js';
import type { EventStore } from '../store/event_interface.js';
import type { GroupStore } from '../store/group_interface.js';
import type { ConversationState, MessageStore, PageLimits } from '../store/interface.js';
import { groupMessageAnswer, type Answer } from './group_answer.js';
import type { GroupReader } from './group_reader.js';
import type { Caller } from './interface.js';

export interface GroupHistoryApiDeps {
  readonly messages: Pick<MessageStore, 'conversations' | 'range'>;
  readonly events: Pick<EventStore, 'page'>;
  readonly groups: Pick<GroupStore, 'groupsOf'>;
  readonly reader: GroupReader;
}

const PAGE_BYTES = 1_048_576;
/** Reads for one page, where most of the log is no message. */
const READ_LIMIT = 10;
export const GROUP_RANGE_COUNT = 200;

export class GroupHistoryApi {
  readonly #deps: GroupHistoryApiDeps;

  constructor(deps: GroupHistoryApiDeps) {
    this.#deps = deps;
  }

  /** Messages below `beforeSeq` (0: from the end), newest first. Throws NO_SUCH_GROUP, NOT_A_MEMBER. */
  async history(
    { gid, beforeSeq, count }: { readonly gid: Gid; readonly beforeSeq: number; readonly count: number },
    caller: Caller,
  ): Promise<unknown> {
    const { conv, lastSeq } = await this.#view(gid, caller);
    const read: ChatEvent[] = [];
    const found: ChatEvent[] = [];
    let before = beforeSeq === 0 ? lastSeq + 1 : Math.min(beforeSeq, lastSeq + 1);
    let bytes = PAGE_BYTES;
    for (let reads = 0; reads < READ_LIMIT && found.length < count && before > 1 && bytes > 0; reads++) {
      const page = await this.#before(caller.uid, conv, before, { count, bytes });
      const messages = page.filter(isMessage).toReversed();
      read.push(...page);
      found.push(...messages);
      // Only what is answered: where little is said a page is as long as elsewhere.
      for (const { content } of messages) bytes -= Buffer.byteLength(content);
      const [first] = page;
      if (first === undefined) break;
      before = first.seq;
    }
    return messagesAnswer(found.slice(0, count), read);
  }

  /** Messages above `afterSeq`, oldest first; `To` is how far the answer covers the log. */
  async range(
    { gid, afterSeq, count }: { readonly gid: Gid; readonly afterSeq: Seq; readonly count: number },
    caller: Caller,
  ): Promise<unknown> {
    const { conv, lastSeq } = await this.#view(gid, caller);
    if (afterSeq >= lastSeq)
      return rangeAnswer(gid, { from: afterSeq + 1, to: afterSeq, more: false, events: [] });
    const limits = { count, bytes: PAGE_BYTES };
    const from = known(toSeq(afterSeq + 1));
    return rangeAnswer(gid, await this.#deps.messages.range(caller.uid, conv, from, lastSeq, limits));
  }

  async state(gid: Gid, caller: Caller): Promise<unknown> {
    const { lastMid, lastSeq, lastAtMs } = await this.#view(gid, caller);
    return stateAnswer(gid, { lastMid, lastSeq, lastAtMs });
  }

  /** Of the groups that the caller is in, by gid. */
  async allStates({ uid }: Caller): Promise<unknown> {
    return (await this.#deps.groups.groupsOf(uid)).map(({ group }) => stateAnswer(group.gid, group));
  }

  /** The group as he may read it, also where he has left it. */
  async #view(gid: Gid, { uid, device }: Caller): Promise<ConversationState> {
    const conv = groupConversation(gid);
    const [row] = await this.#deps.messages.conversations(uid, device, 1, conv);
    if (row !== undefined) return row;
    await this.#deps.reader.may('readMembers', gid, uid);
    throw imError('NOT_A_MEMBER');
  }

  async #before(
    reader: Uid,
    conv: ConversationName,
    seq: number,
    limits: PageLimits,
  ): Promise<readonly ChatEvent[]> {
    try {
      return await this.#deps.events.page(reader, conv, known(toSeq(seq)), 'before', limits);
    } catch (error) {
      // Below the floor nothing is kept: to these clients it ends there.
      if (isError(error, 'EXPIRED')) return [];
      throw error;
    }
  }
}

function stateAnswer(
  gid: Gid,
  { lastMid, lastSeq, lastAtMs }: { lastMid: number; lastSeq: Seq; lastAtMs: number },
): Answer {
  return {
    Gid: gid,
    LastMID: lastMid,
    LastSeq: lastSeq,
    LastMsgAt: toSeconds(lastAtMs),
    gid,
    lastMid,
    lastSeq,
    lastMsgAt: lastAtMs,
  };
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly more: boolean;
  readonly events: readonly ChatEvent[];
}

function rangeAnswer(gid: Gid, { from, to, more, events }: Range): Answer {
  const messages = messagesAnswer(events.filter(isMessage), events);
  return { Gid: gid, From: from, To: to, More: more, Messages: messages };
}

/** `read`: what was read with them, where their recalls may be among. */
function messagesAnswer(messages: readonly ChatEvent[], read: readonly ChatEvent[]): readonly Answer[] {
  const recalledBy = new Map<Mid, Uid>();
  for (const { kind, content } of read) {
    const recall = kind === EVENT_KIND.recall ? readRecall(content) : undefined;
    if (recall !== undefined) recalledBy.set(recall.mid, recall.by);
  }
  return messages.map((event) => groupMessageAnswer(event, recalledBy.get(event.mid) ?? 0));
}

function isMessage({ kind }: ChatEvent): boolean {
  return kind === EVENT_KIND.message;
}
