/**
 * One message: to the batcher, and once it is committed the ack to its sender, the push to everybody else, and
 * «offline» to the sender where nobody was there. Steps 4 to 6 of the message path.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import type { Delivery } from '../gateway/interface.js';
import { chatConversation } from '../message/conversation.js';
import { toSeq, known, type Uid } from '../message/ids.js';
import { errorInfo, errorInfoOf } from '../message/error_info.js';
import type { ChatEvent, ChatUp, DownFrame, ErrorInfo } from '../message/message.js';
import type { Appender, AppendListener, EventDraft, Settled } from '../store/interface.js';
import type { InboundFrame, Reply, ReplySink } from './interface.js';

export type InboundChat = InboundFrame & { readonly frame: ChatUp; readonly uid: Uid };

export interface ChatHandlerDeps {
  readonly appender: Appender;
  readonly dispatch: Dispatch;
  readonly replies: ReplySink;
  readonly logger: Logger;
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
    const event: EventDraft = { from: uid, device, to, clientId, mid, type, content, sentAtMs };
    const refusal = this.#deps.appender.enqueue({ conv: chatConversation(uid, to), event }, this, inbound);
    if (refusal === undefined) return;
    this.#deps.replies.reply([failure(inbound, errorInfoOf(refusal))]);
  }

  settled(batch: readonly Settled<InboundChat>[]): void {
    const replies: Reply[] = [];
    const events: ChatEvent[] = [];
    const senders: InboundChat[] = [];
    for (const settled of batch) {
      const { context } = settled;
      const outcome = eventOf(settled);
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
    if (events.length > 0) void this.#deliver(events, senders);
  }

  /** Never rejects: what cannot be delivered now is found by the next sync. */
  async #deliver(events: readonly ChatEvent[], senders: readonly InboundChat[]): Promise<void> {
    try {
      const outcomes = await this.#deps.dispatch.deliver(
        events.map((event, i) => push(event, known(senders[i]))),
      );
      const replies: Reply[] = [];
      for (const [index, event] of events.entries()) {
        const sender = known(senders[index]);
        const frame = presence(event, outcomes[index]?.absent ?? []);
        if (frame !== undefined)
          replies.push({ connection: sender.connection, frame, ends: false, bytes: 0 });
      }
      if (replies.length > 0) this.#deps.replies.reply(replies);
    } catch (error) {
      this.#deps.logger.warn(
        { err: error, events: events.length },
        'stored messages could not be dispatched',
      );
    }
  }
}

function eventOf({ draft, result }: Settled<InboundChat>): ChatEvent | ErrorInfo {
  if (result instanceof Error) return errorInfoOf(result);
  const { event } = draft;
  if (result.outcome === 'duplicate') return result.event;
  if (result.outcome === 'refused') return errorInfo(result.error);
  if (result.outcome !== 'stored' || event === undefined || draft.conv === '') return errorInfo('INTERNAL');
  const { mid, seq, storedAtMs } = result.event;
  const { clientId, from, to, type, content } = event;
  const sentAtMs = event.sentAtMs === 0 ? storedAtMs : event.sentAtMs;
  return { conv: draft.conv, seq, mid, clientId, from, to, type, content, sentAtMs, storedAtMs, status: 0 };
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

/** In a conversation of two everybody sees everything, so `after` is the seq before. */
function push(event: ChatEvent, { device }: InboundChat): Delivery {
  const own = { uid: event.from, exceptDevice: device };
  const recipients = event.to === event.from ? [own] : [{ uid: event.to }, own];
  return { frame: { kind: 'push', event, after: known(toSeq(event.seq - 1)) }, recipients };
}

/** What the sender learns at once besides the ack; undefined where a receipt will tell. */
function presence(event: ChatEvent, absent: readonly Uid[]): DownFrame | undefined {
  const { conv, seq, mid, clientId, from, to } = event;
  if (to === from) {
    // A note to oneself has been received by its only reader.
    return {
      kind: 'receipt',
      conv,
      from: seq,
      to: seq,
      state: 'received',
      by: to,
      messages: [{ mid, clientId, seq }],
    };
  }
  return absent.includes(to) ? { kind: 'offline', conv, seq, mid, clientId, peer: to } : undefined;
}
