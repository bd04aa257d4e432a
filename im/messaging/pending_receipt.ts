/** One receipt as it came, with where to say what became of it. */
import type { Caller } from '../api/interface.js';
import type { ConversationName } from '../message/conversation.js';
import type { Mid, Seq } from '../message/ids.js';
import type { PushedMessage, ReceiptState } from '../message/message.js';

export type Reader = Pick<Caller, 'uid' | 'device'>;

export interface IntervalReceipt {
  readonly by: 'interval';
  readonly conv: ConversationName;
  readonly from: Seq;
  readonly to: Seq;
  readonly state: ReceiptState;
}

export interface PendingReceipt {
  readonly reader: Reader;
  readonly what:
    | { readonly by: 'mid'; readonly mid: Mid }
    | { readonly by: 'pushed'; readonly messages: readonly PushedMessage[] }
    | IntervalReceipt;
  /** Called once; must not throw. */
  readonly done: (error: Error | undefined) => void;
}
