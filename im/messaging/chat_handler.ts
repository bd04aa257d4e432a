/**
 * One message: to the batcher, and once it is committed the ack to its sender and on to everybody else
 * (event_delivery.ts; of a group by im/group). Steps 4 to 6 of the message path.
 */
import type { GroupDraft, Groups } from '../group/interface.js';
import { conversationWith } from '../message/conversation.js';
import { isGid, type Uid } from '../message/ids.js';
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
import type { WorldChannel } from './world_channel.js';

export type InboundChat = InboundFrame & { readonly frame: ChatUp; readonly uid: Uid };

export interface ChatHandlerDeps {
  readonly appender: Appender;
  readonly groups: Pick<Groups, 'enqueue'>;
  readonly world: WorldChannel;
  readonly delivery: EventDelivery;
  readonly replies: ReplySink;
}

/** The same message again, behind the sender's joining. */
interface Newcomer {
  readonly inbound: InboundChat;
}

export class ChatHandler implements AppendListener<InboundChat> {
  readonly #deps: ChatHandlerDeps;
  readonly #onNewcomer: AppendListener<Newcomer>;

  #storedCount = 0;

  constructor(deps: ChatHandlerDeps) {
    this.#deps = deps;
    this.#onNewcomer = {
      settled: (batch) =>
        this.#settle(
          batch.map(({ draft, result, context }) => ({ draft, result, context: context.inbound })),
          false,
        ),
    };
  }

  /** Messages stored and acked since the start; a retry of one counts no second time. */
  get storedCount(): number {
    return this.#storedCount;
  }

  /** Retry and resend are the same request again: what is stored already is found by its client id. */
  handle(inbound: InboundChat): void {
    const { to } = inbound.frame;
    if (this.#deps.world.isClosed(to)) return this.#refuse(inbound, errorInfo('NO_SUCH_GROUP'));
    const draft = draftOf(inbound);
    const refusal = isGid(to)
      ? this.#deps.groups.enqueue(draft, this, inbound)
      : this.#deps.appender.enqueue(draft, this, inbound);
    if (refusal !== undefined) this.#refuse(inbound, errorInfoOf(refusal));
  }

  settled(batch: readonly Settled<InboundChat>[]): void {
    this.#settle(batch, true);
  }

  #settle(batch: readonly Settled<InboundChat>[], mayJoin: boolean): void {
    const replies: Reply[] = [];
    const events: ChatEvent[] = [];
    const senders: InboundChat[] = [];
    for (const settled of batch) {
      const { context, result } = settled;
      if (mayJoin && this.#isNewcomer(settled)) {
        this.#letIn(context);
        continue;
      }
      const outcome = messageOf(settled);
      if (!(result instanceof Error) && result.outcome === 'stored') this.#storedCount++;
      if (!('seq' in outcome)) {
        replies.push(failure(context, outcome));
        continue;
      }
      replies.push({ ...ends(context), frame: ack(context, outcome) });
      if (isGid(outcome.to)) {
        // Its push is under way already (im/group).
        replies.push({ connection: context.connection, ends: false, bytes: 0, frame: accepted(outcome) });
      } else {
        events.push(outcome);
        senders.push(context);
      }
    }
    if (replies.length > 0) this.#deps.replies.reply(replies);
    if (events.length > 0) void this.#deps.delivery.deliver(events, senders);
  }

  #isNewcomer({ context, result }: Settled<InboundChat>): boolean {
    if (result instanceof Error || result.outcome !== 'refused' || result.error !== 'NOT_A_MEMBER')
      return false;
    return this.#deps.world.isIt(context.frame.to);
  }

  #letIn(inbound: InboundChat): void {
    const { uid, device } = inbound;
    this.#deps.world.join(uid, device);
    const refusal = this.#deps.groups.enqueue(draftOf(inbound), this.#onNewcomer, { inbound });
    if (refusal !== undefined) this.#refuse(inbound, errorInfoOf(refusal));
  }

  #refuse(inbound: InboundChat, error: ErrorInfo): void {
    this.#deps.replies.reply([failure(inbound, error)]);
  }
}

function draftOf({ uid, device, frame }: InboundChat): GroupDraft {
  const { to, clientId, mid, type, content, sentAtMs, extra } = frame;
  const kind = EVENT_KIND.message;
  const said: EventDraft = { kind, from: uid, device, to, clientId, mid, type, content, sentAtMs };
  const event = extra === undefined ? said : { ...said, extra };
  return { conv: conversationWith(uid, to), event, isAnswered: true };
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

function accepted({ conv, seq, mid, clientId }: ChatEvent): DownFrame {
  return { kind: 'accepted', conv, seq, mid, clientId };
}

function failure(inbound: InboundChat, error: ErrorInfo): Reply {
  const { echo, mid, clientId } = inbound.frame;
  return { ...ends(inbound), frame: { kind: 'failed', echo, mid, clientId, error } };
}
