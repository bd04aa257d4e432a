/**
 * One message: to the batcher, and once it is committed the ack to its sender and on to everybody else
 * (event_delivery.ts). Steps 4 to 6 of the message path.
 */
import { conversationWith } from '../message/conversation.js';
import type { Uid } from '../message/ids.js';
import { errorInfo, errorInfoOf } from '../message/error_info.js';
import {
  EVENT_KIND,
  type ChatEvent,
  type ChatUp,
  type DownFrame,
  type ErrorInfo,
} from '../message/message.js';
import type { Appender, AppendListener, EventDraft, Settled } from '../store/interface.js';
import type { EventDelivery } from './event_delivery.js';
import type { InboundFrame, Reply, ReplySink } from './interface.js';
import { eventOf } from './settled_event.js';

export type InboundChat = InboundFrame & { readonly frame: ChatUp; readonly uid: Uid };

export interface ChatHandlerDeps {
  readonly appender: Appender;
  readonly delivery: EventDelivery;
  readonly replies: ReplySink;
}

export class ChatHandler implements AppendListener<InboundChat> {
  readonly #deps: ChatHandlerDeps;

  #storedCount = 0;

  constructor(deps: ChatHandlerDeps) {
    this.#deps = deps;
  }

  /** Messages stored and acked since the start; a retry of one counts no second time. */
  get storedCount(): number {
    return this.#storedCount;
  }

  /** Retry and resend are the same request again: what is stored already is found by its client id. */
  handle(inbound: InboundChat): void {
    const { uid, device, frame } = inbound;
    const { to, clientId, mid, type, content, sentAtMs } = frame;
    const kind = EVENT_KIND.message;
    const event: EventDraft = { kind, from: uid, device, to, clientId, mid, type, content, sentAtMs };
    const refusal = this.#deps.appender.enqueue({ conv: conversationWith(uid, to), event }, this, inbound);
    if (refusal === undefined) return;
    this.#deps.replies.reply([failure(inbound, errorInfoOf(refusal))]);
  }

  settled(batch: readonly Settled<InboundChat>[]): void {
    const replies: Reply[] = [];
    const events: ChatEvent[] = [];
    const senders: InboundChat[] = [];
    for (const settled of batch) {
      const { context } = settled;
      const outcome = messageOf(settled);
      if (!(settled.result instanceof Error) && settled.result.outcome === 'stored') this.#storedCount++;
      if ('seq' in outcome) {
        replies.push({ ...ends(context), frame: ack(context, outcome) });
        events.push(outcome);
        senders.push(context);
      } else {
        replies.push(failure(context, outcome));
      }
    }
    this.#deps.replies.reply(replies);
    if (events.length > 0) void this.#deps.delivery.deliver(events, senders);
  }
}

function messageOf(settled: Settled<InboundChat>): ChatEvent | ErrorInfo {
  const outcome = eventOf(settled);
  // The name is taken by a recall: what was said now has not been stored.
  return 'seq' in outcome && outcome.kind !== EVENT_KIND.message ? errorInfo('BAD_CLIENT_ID') : outcome;
}

function ends({ connection, bytes }: InboundChat): Omit<Reply, 'frame'> {
  return { connection, ends: true, bytes };
}

function ack({ frame }: InboundChat, { conv, seq, mid, clientId, storedAtMs }: ChatEvent): DownFrame {
  return { kind: 'stored', echo: frame.echo, conv, seq, mid, clientId, storedAtMs };
}

function failure(inbound: InboundChat, error: ErrorInfo): Reply {
  const { echo, mid, clientId } = inbound.frame;
  return { ...ends(inbound), frame: { kind: 'failed', echo, mid, clientId, error } };
}
