/**
 * msg/chat/history, recent and user, message/list: what was said, newest first, for clients without a log of their
 * own. Recalls are left out: a message that was taken back says so itself by its status.
 */
import { imError } from '../errors.js';
import { chatConversation, conversationWith, type ConversationName } from '../message/conversation.js';
import { known, toMid, type PeerId, type Uid } from '../message/ids.js';
import { EVENT_KIND, type ChatEvent } from '../message/message.js';
import type { MessageStore } from '../store/interface.js';
import type { Caller } from './interface.js';
import { messageAnswer } from './message_answer.js';

export interface HistoryApiDeps {
  readonly messages: Pick<MessageStore, 'history' | 'historyBetween' | 'conversations' | 'locate'>;
  readonly nowMs: () => number;
}

export interface HistoryInput {
  /** With whom; a group only where the caller may read it. */
  readonly to: PeerId;
  /** 0: from the end. One that is not in this conversation, or no more: nothing. */
  readonly beforeMid: number;
  /** That event and what came after it; 0: from the beginning. */
  readonly fromMid: number;
  /** Stored at or after, and before; 0: no bound. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

interface Bounds extends Omit<HistoryInput, 'to' | 'fromMid'> {
  /** Events below this seq are left out. */
  readonly fromSeq: number;
  readonly bytes: number;
}

export const PAGE_COUNT = 20;
export const PAGE_COUNT_LIMIT = 100;
const PAGE_BYTES = 1_048_576;
/** Of each conversation, where many are answered at once. */
const SHARE_BYTES = 65_536;
const RECENT_MS = 3 * 24 * 3_600_000;
const RECENT_CONVERSATIONS = 100;
/** Users in one msg/chat/user. */
export const USER_COUNT_LIMIT = 100;
/** Reads for one page, where most of the log is recalls. */
const READ_LIMIT = 10;

const FROM_THE_END = { beforeMid: 0, fromSeq: 0, fromMs: 0, toMs: 0, count: PAGE_COUNT };

export class HistoryApi {
  readonly #deps: HistoryApiDeps;

  constructor(deps: HistoryApiDeps) {
    this.#deps = deps;
  }

  /**
   * Of people only the caller's own conversation can be named: it is made of his uid and another. Throws
   * NO_SUCH_MESSAGE where `fromMid` is not in it, or no more: an empty page would say that nothing came since.
   */
  async history({ to, fromMid, ...bounds }: HistoryInput, caller: Caller): Promise<unknown> {
    if (bounds.toMs !== 0 && bounds.toMs <= bounds.fromMs) throw imError('INVALID_PARAMETER', 'to');
    const conv = conversationWith(caller.uid, to);
    const fromSeq = fromMid === 0 ? 0 : await this.#seqOf(fromMid, conv, caller.uid);
    const page = await this.#page(caller.uid, conv, { ...bounds, fromSeq, bytes: PAGE_BYTES });
    return page.map(messageAnswer);
  }

  /** Of the last three days, the newest of each of the newest conversations; newest first over all. */
  async recent({ uid, device }: Caller): Promise<unknown> {
    const { messages, nowMs } = this.#deps;
    const fromMs = nowMs() - RECENT_MS;
    const rows = await messages.conversations(uid, device, RECENT_CONVERSATIONS, 'people');
    const found: ChatEvent[] = [];
    for (const { conv, lastAtMs } of rows) {
      if (lastAtMs < fromMs) continue;
      found.push(...(await this.#page(uid, conv, { ...FROM_THE_END, fromMs, bytes: SHARE_BYTES })));
    }
    return found.sort((a, b) => b.storedAtMs - a.storedAtMs).map(messageAnswer);
  }

  /** The newest messages with each of them; an unknown uid has none. */
  async withUsers(uids: readonly Uid[], caller: Caller): Promise<unknown> {
    const answers: Readonly<Record<string, unknown>>[] = [];
    for (const uid of uids) {
      const conv = chatConversation(caller.uid, uid);
      const page = await this.#page(caller.uid, conv, { ...FROM_THE_END, bytes: SHARE_BYTES });
      answers.push({ Uid: uid, Messages: page.map(messageAnswer) });
    }
    return answers;
  }

  async #seqOf(mid: number, conv: ConversationName, reader: Uid): Promise<number> {
    const [found] = await this.#deps.messages.locate(reader, [known(toMid(mid))]);
    if (found?.conv !== conv) throw imError('NO_SUCH_MESSAGE');
    return found.seq;
  }

  async #page(reader: Uid, conv: ConversationName, bounds: Bounds): Promise<readonly ChatEvent[]> {
    const { fromSeq, fromMs, toMs, count, bytes } = bounds;
    const { messages } = this.#deps;
    const limits = { count, bytes };
    const found: ChatEvent[] = [];
    let { beforeMid } = bounds;
    for (let reads = 0; reads < READ_LIMIT && found.length < count; reads++) {
      const isByTime = beforeMid === 0 && (fromMs > 0 || toMs > 0);
      const events = isByTime
        ? await messages.historyBetween(reader, conv, fromMs, toMs, limits)
        : await messages.history(reader, conv, beforeMid, limits);
      found.push(...events.filter((event) => event.seq >= fromSeq && isShown(event, fromMs, toMs)));
      const last = events.at(-1);
      if (last === undefined || events.length < count) break;
      if (last.storedAtMs < fromMs || last.seq <= fromSeq) break;
      beforeMid = last.mid;
    }
    return found.slice(0, count);
  }
}

function isShown({ kind, storedAtMs }: ChatEvent, fromMs: number, toMs: number): boolean {
  return kind === EVENT_KIND.message && storedAtMs >= fromMs && (toMs === 0 || storedAtMs < toMs);
}
