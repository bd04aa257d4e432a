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
import type { AppendAnswer, Appender, AppendListener, EventDraft, Settled } from '../store/interface.js';
import type { EventDelivery } from './event_delivery.js';
import type { InboundFrame, Reply, ReplySink } from './interface.js';
import { Newcomers } from './newcomers.js';
import type { RepeatedMessage, RepeatedMessages } from './repeated_messages.js';
import { eventOf } from './settled_event.js';
import type { WorldChannel } from './world_channel.js';

export type InboundChat = InboundFrame & { readonly frame: ChatUp; readonly uid: Uid };

export interface ChatHandlerDeps {
  readonly appender: Appender;
  readonly groups: Pick<Groups, 'enqueue'>;
  readonly world: WorldChannel;
  readonly delivery: EventDelivery;
  readonly repeated: Pick<RepeatedMessages, 'add'>;
  readonly replies: ReplySink;
}

/** Has spoken to everybody for the first time; his joining is under way. */
interface Joining {
  readonly joining: Uid;
}

/** What is held back may be said again by then. */
const HELD_RETRY_MS = 500;

export class ChatHandler implements AppendListener<InboundChat | Joining> {
  readonly #deps: ChatHandlerDeps;
  readonly #newcomers = new Newcomers<InboundChat>();
  /** Of messages behind their sender's joining: who is not in now is told so. */
  readonly #onceMore: AppendListener<InboundChat>;

  #storedCount = 0;

  constructor(deps: ChatHandlerDeps) {
    this.#deps = deps;
    this.#onceMore = { settled: (batch) => this.#settle(batch, false) };
  }

  /** Messages stored and acked since the start; a retry of one counts no second time. */
  get storedCount(): number {
    return this.#storedCount;
  }

  /** Retry and resend are the same request again: what is stored already is found by its client id. */
  handle(inbound: InboundChat): void {
    const { to } = inbound.frame;
    const { world } = this.#deps;
    if (world.isClosed(to)) return this.#refuse(inbound, errorInfo('NO_SUCH_GROUP'));
    if (world.isIt(to) && this.#newcomers.has(inbound.uid)) return this.#hold(inbound);
    const draft = draftOf(inbound);
    const refusal = isGid(to)
      ? this.#deps.groups.enqueue(draft, this, inbound)
      : this.#deps.appender.enqueue(draft, this, inbound);
    if (refusal !== undefined) this.#refuse(inbound, errorInfoOf(refusal));
  }

  settled(batch: readonly Settled<InboundChat | Joining>[]): void {
    this.#settle(batch, true);
  }

  #settle(batch: readonly Settled<InboundChat | Joining>[], mayJoin: boolean): void {
    const replies: Reply[] = [];
    const events: ChatEvent[] = [];
    const senders: InboundChat[] = [];
    const repeated: RepeatedMessage[] = [];
    for (const settled of batch) {
      const { context, result } = settled;
      if ('joining' in context) {
        this.#joined(context.joining);
        continue;
      }
      if (mayJoin && this.#isNewcomer(context, result)) {
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
        if (isRepeated(settled, outcome)) repeated.push({ event: outcome, connection: context.connection });
      }
    }
    if (replies.length > 0) this.#deps.replies.reply(replies);
    if (events.length > 0) void this.#deps.delivery.deliver(events, senders);
    this.#deps.repeated.add(repeated);
  }

  #isNewcomer({ frame }: InboundChat, result: AppendAnswer): boolean {
    if (result instanceof Error || result.outcome !== 'refused' || result.error !== 'NOT_A_MEMBER')
      return false;
    return this.#deps.world.isIt(frame.to);
  }

  /** He has one joining under way, and what he said before it is refused before it is answered: same queue, same ear. */
  #letIn(inbound: InboundChat): void {
    const { uid, device } = inbound;
    if (!this.#newcomers.refused(uid, inbound)) return;
    const refusal = this.#deps.world.join(uid, device, this, { joining: uid });
    if (refusal === undefined) return;
    for (const said of this.#newcomers.take(uid)) this.#refuse(said, errorInfoOf(refusal));
  }

  #hold(inbound: InboundChat): void {
    if (this.#newcomers.hold(inbound.uid, inbound)) return;
    this.#refuse(inbound, { ...errorInfo('QUEUE_FULL'), retryAfterMs: HELD_RETRY_MS });
  }

  #joined(uid: Uid): void {
    for (const said of this.#newcomers.take(uid)) {
      const refusal = this.#deps.groups.enqueue(draftOf(said), this.#onceMore, said);
      if (refusal !== undefined) this.#refuse(said, errorInfoOf(refusal));
    }
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

/** Said again to somebody else, who may have it by now. */
function isRepeated({ result }: Settled<unknown>, { from, to }: ChatEvent): boolean {
  return !(result instanceof Error) && result.outcome === 'duplicate' && from !== to;
}

function messageOf(settled: Settled<unknown>): ChatEvent | ErrorInfo {
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
