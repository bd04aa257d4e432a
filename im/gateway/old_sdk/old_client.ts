/** What the gateway remembers of one signed-in connection whose client cannot find holes itself (no `v`/`caps`). */
import { integer, type OptionsOf } from '../../../pkg/config/option.js';
import { groupOf, type ConversationName } from '../../message/conversation.js';
import type { DownFrame } from '../../message/message.js';
import type { SeqIntervals } from '../../message/seq_intervals.js';
import { Positions } from './positions.js';
import { UnackedPushes, type UnackedPush, type UnackedTotal } from './unacked_pushes.js';

const COUNT = { min: 1, max: 1_000_000 } as const;
const PAUSE = { min: 10, max: 3_600_000 } as const;

export const OLD_SDK_OPTIONS = {
  oldSdkConversations: integer(
    64,
    'count',
    COUNT,
    'Conversations of one old client whose last pushed message is remembered; for others the store is asked.',
  ),
  oldSdkBusyConversations: integer(
    1024,
    'count',
    COUNT,
    'The same with those in which something was pushed within the last seconds, or waits for its receipt.',
  ),
  oldSdkPagedConversations: integer(
    10_000,
    'count',
    COUNT,
    'Conversations of which one sign-in brings what was missed, and again so many in which something comes ' +
      'meanwhile; others come at the next sign-in, when these have been acknowledged.',
  ),
  oldSdkUnacked: integer(
    256,
    'count',
    COUNT,
    'Pushes of one old client waiting for their receipt, some 200 bytes each; beyond it the oldest is not ' +
      'pushed again.',
  ),
  oldSdkUnackedTotal: integer(
    500_000,
    'count',
    { min: 1, max: 100_000_000 },
    'The same of all old clients together.',
  ),
  oldSdkFirstRepushMs: integer(
    5000,
    'ms',
    PAUSE,
    'A push without receipt is repeated to an old client then …',
  ),
  oldSdkSecondRepushMs: integer(15_000, 'ms', PAUSE, '… and so long after that a second and last time.'),
  oldSdkPageCount: integer(200, 'count', { min: 1, max: 5000 }, 'Messages in one page from the store.'),
  oldSdkPageBytes: integer(
    65_536,
    'bytes',
    { min: 1024, max: 8 << 20 },
    'Content of one page; the next is read when the socket has taken most of it.',
  ),
  oldSdkReads: integer(
    16,
    'count',
    { min: 1, max: 1000 },
    'Pages being read at once for all old clients; the others wait in line.',
  ),
} as const;

export type ReceiptDown = Extract<DownFrame, { kind: 'receipt' }>;

export interface OwedReceipt {
  readonly frame: ReceiptDown;
  /** Of whose messages it says so. */
  readonly intervals: SeqIntervals;
}

export type OldSdkOptions = OptionsOf<typeof OLD_SDK_OPTIONS>;

export class OldClient {
  readonly positions: Positions;
  readonly unacked: UnackedPushes;
  /** Its sign-in began the pages of what it had missed: a flag of its own, because a takeover makes this object first. */
  hasPaged = false;
  /** Given what it has missed, page by page; what comes meanwhile waits for its page. */
  isPaging = false;
  /** Of groups alone: chats are pushed as ever. */
  pagesOnlyGroups = false;
  /** When a page was last pushed. */
  pagedAtMs = -Infinity;
  /** Something came that `positions` had no memory for: when the pages end, one more is read. */
  mustPageAgain = false;
  /** Receipts that did not fit. */
  readonly owedReceipts = new Map<ConversationName, OwedReceipt>();
  isPaying = false;
  /** One read at a time for each connection: its order is the order of its pushes. */
  isReading = false;

  constructor(options: OldSdkOptions, total: UnackedTotal, forgotten: (push: UnackedPush) => void) {
    this.positions = new Positions(options.oldSdkConversations, options.oldSdkBusyConversations);
    this.unacked = new UnackedPushes(
      {
        count: options.oldSdkUnacked,
        totalCount: options.oldSdkUnackedTotal,
        againAfterMs: [options.oldSdkFirstRepushMs, options.oldSdkSecondRepushMs],
        forgotten,
      },
      total,
    );
  }

  pageBegins(): void {
    this.mustPageAgain = false;
  }

  /** An event of `conv` waits for its page. */
  isPaged(conv: ConversationName): boolean {
    return this.isPaging && !(this.pagesOnlyGroups && groupOf(conv) === undefined);
  }

  /** Something is to be read from the store for it. */
  get isWanting(): boolean {
    return this.isPaging || this.positions.isBehind;
  }

  /** Nothing of it will come by itself: it is to be looked at now and then. */
  get isOwing(): boolean {
    return this.isWanting || this.unacked.count > 0 || this.owedReceipts.size > 0 || this.positions.isOver;
  }
}
