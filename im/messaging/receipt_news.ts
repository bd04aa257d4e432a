/** Who is told of a receipt: whoever sent the messages of a chat, and of what was read the reader's other devices. */
import type { Delivery, Recipient } from '../gateway/interface.js';
import { chatPeer } from '../message/conversation.js';
import type { Device, Uid } from '../message/ids.js';
import type { DownFrame, PushedMessage } from '../message/message.js';
import type { ReceiptNews } from './owed_receipts.js';

export interface ToldReceipt {
  readonly frame: Extract<DownFrame, { kind: 'receipt' }>;
  /** Undefined where nobody waits for it: a group, a note to oneself. */
  readonly sender: Uid | undefined;
  readonly own: Recipient | undefined;
}

/** Undefined where nobody is told. `device`: the one that says it; undefined where that is not known any more. */
export function intervalNews(
  { conv, from, to, state, by }: ReceiptNews,
  device?: Device,
): ToldReceipt | undefined {
  const peer = chatPeer(conv, by);
  const sender = peer === by ? undefined : peer;
  const others = device === undefined ? { uid: by } : { uid: by, exceptDevice: device };
  const own = state === 'read' ? others : undefined;
  if (sender === undefined && own === undefined) return undefined;
  return { frame: { kind: 'receipt', conv, from, to, state, by, messages: undefined }, sender, own };
}

/** The same of one message of a chat. */
export function messageNews({ conv, seq, mid, clientId, from }: PushedMessage, by: Uid): ToldReceipt {
  const messages = [{ mid, clientId, seq }];
  const frame = { kind: 'receipt', conv, from: seq, to: seq, state: 'received', by, messages } as const;
  return { frame, sender: from, own: undefined };
}

/** Undefined where nobody is left: whoever blocked the reader hears nothing of him. */
export function deliveryOf({ frame, sender, own }: ToldReceipt, isBlocked: boolean): Delivery | undefined {
  const recipients: Recipient[] = [];
  if (sender !== undefined && !isBlocked) recipients.push({ uid: sender });
  if (own !== undefined) recipients.push(own);
  return recipients.length === 0 ? undefined : { frame, recipients };
}
