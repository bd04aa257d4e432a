/** `sync` and `msg/range`, for our SDK: camelCase, ms, uids as digits. docs/protocol.md says how to use them. */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { imError } from '../errors.js';
import { mayBeIn, type ConversationName } from '../message/conversation.js';
import type { Seq } from '../message/ids.js';
import type { ConversationState, MessageStore, PageLimits } from '../store/interface.js';
import { eventAnswer } from './event_answer.js';
import type { Caller, Receipts } from './interface.js';

export const SYNC_OPTIONS = {
  syncOverlapMs: integer(
    60_000,
    'ms',
    { min: 0, max: 86_400_000 },
    'How far before the cursor a sync looks. SQLite needs none of it; it is for stores whose transactions overlap.',
  ),
};
export type SyncOptions = OptionsOf<typeof SYNC_OPTIONS>;

export const SYNC_COUNT_LIMIT = 500;
export const RANGE_LIMITS: PageLimits = { count: 200, bytes: 131_072 };

/** Of the drafts in one page, in UTF-8; the first row is given whatever its draft. */
const DRAFTS_BYTES = 49_152;

export interface SyncApiDeps {
  readonly messages: Pick<MessageStore, 'sync' | 'range'>;
  readonly receipts: Pick<Receipts, 'written'>;
}

export interface SyncInput {
  readonly since: number;
  readonly after: ConversationName | '';
  readonly limit: number;
}

export interface RangeInput {
  readonly conv: ConversationName;
  readonly from: Seq;
  readonly to: Seq;
}

export class SyncApi {
  readonly #options: SyncOptions;
  readonly #deps: SyncApiDeps;

  constructor(options: SyncOptions, deps: SyncApiDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** The caller's conversations that changed since the cursor of an earlier answer; 0: all of them. */
  async sync({ since, after, limit }: SyncInput, { uid, device }: Caller): Promise<unknown> {
    const sinceMs = since === 0 ? 0 : Math.max(1, since - this.#options.syncOverlapMs);
    // What was acknowledged just before this device came was told to those who were there, and is told to nobody again.
    if (after === '') await this.#deps.receipts.written([uid]);
    const page = await this.#deps.messages.sync({ uid, device, sinceMs, afterConv: after, limit });
    const rows = withinDrafts(page.conversations);
    const more = page.more || rows.length < page.conversations.length;
    return {
      conversations: rows.map(conversationAnswer),
      more,
      next: more ? (rows.at(-1)?.conv ?? '') : '',
      count: page.count,
      sum: page.sum,
      cursor: page.nowMs,
      epoch: page.epoch,
    };
  }

  /** The closed interval that the answer covers is the answer's `from` and `to`. Throws NO_PERMISSION, EXPIRED. */
  async range({ conv, from, to }: RangeInput, { uid }: Caller): Promise<unknown> {
    if (!mayBeIn(conv, uid)) throw imError('NO_PERMISSION');
    if (from < 1 || from > to) throw imError('INVALID_PARAMETER', 'from');
    const page = await this.#deps.messages.range(uid, conv, from, to, RANGE_LIMITS);
    const { more, floor } = page;
    return { conv, from: page.from, to: page.to, events: page.events.flatMap(eventAnswer), more, floor };
  }
}

/** What is left out comes with the next page: the answer stays small also where somebody begins and never sends. */
function withinDrafts(rows: readonly ConversationState[]): readonly ConversationState[] {
  let bytes = 0;
  const end = rows.findIndex(({ settings }, index) => {
    bytes += Buffer.byteLength(settings.draft);
    return index > 0 && bytes > DRAFTS_BYTES;
  });
  return end < 0 ? rows : rows.slice(0, end);
}

function conversationAnswer(row: ConversationState): Readonly<Record<string, unknown>> {
  return {
    conv: row.conv,
    peer: String(row.peer),
    firstSeq: row.firstSeq,
    lastSeq: row.lastSeq,
    lastMid: row.lastMid,
    lastAt: row.lastAtMs,
    deviceSeq: row.deviceSeq,
    deliveredSeq: row.deliveredSeq,
    readSeq: row.readSeq,
    peerDeliveredSeq: row.peerDeliveredSeq,
    peerReadSeq: row.peerReadSeq,
    unread: row.unread,
    mentions: row.mentions,
    isMember: row.isMember,
    settings: row.settings,
  };
}
