/**
 * Groups where one process owns them all: every write to a group goes through here to the batcher, and what was stored
 * goes to its members in the order of its seqs, whoever asked for it. The store has decided everything by then.
 */
import type { CodedError } from '../../pkg/errors/coded_error.js';
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import { imError, isError } from '../errors.js';
import type { Delivery } from '../gateway/interface.js';
import { groupOf } from '../message/conversation.js';
import type { Gid } from '../message/ids.js';
import { storedEvent } from '../message/stored_event.js';
import type { AppendAnswer, Appender, AppendListener, Settled } from '../store/interface.js';
import {
  GroupFanOut,
  type GroupEvent,
  type GroupFanOutOptions,
  type GroupFanOutStats,
} from './group_fan_out.js';
import { contactsOf, deliveryOf, noticeOf, type Deed } from './group_news.js';
import type { GroupDraft, Groups, GroupSizes } from './interface.js';
import { SeenGroups } from './seen_groups.js';

export interface LocalGroupsDeps {
  readonly appender: Appender;
  readonly dispatch: Pick<Dispatch, 'deliver' | 'deliverToGroups'>;
  readonly logger: Logger;
}

/** Who asked, and is to be told. */
interface Asked {
  readonly listener: AppendListener<unknown>;
  readonly context: unknown;
  readonly isAnswered: boolean;
}

export class LocalGroups implements Groups, GroupSizes, AppendListener<Asked> {
  readonly #appender: Appender;
  readonly #fanOut: GroupFanOut;
  readonly #seen = new SeenGroups();
  readonly #onPromise: AppendListener<(result: AppendAnswer) => void>;

  constructor(options: GroupFanOutOptions, deps: LocalGroupsDeps) {
    this.#appender = deps.appender;
    this.#fanOut = new GroupFanOut(options, deps);
    this.#onPromise = { settled: (batch) => batch.forEach(({ context, result }) => context(result)) };
  }

  stats(): GroupFanOutStats {
    return this.#fanOut.stats();
  }

  sizeOf(gid: Gid): number | undefined {
    return this.#seen.sizeOf(gid);
  }

  enqueue<Context>(
    draft: GroupDraft,
    listener: AppendListener<Context>,
    context: Context,
  ): CodedError | undefined {
    if (groupOf(draft.conv) === undefined) return imError('NO_SUCH_GROUP');
    const { isAnswered } = draft;
    return (
      this.#fanOut.refusal() ??
      // The context comes back to the listener that it came with, and to no other.
      this.#appender.enqueue(draft, this, { listener, context, isAnswered })
    );
  }

  async append(draft: GroupDraft): Promise<Exclude<AppendAnswer, CodedError>> {
    const result = await new Promise<AppendAnswer>((resolve) => {
      const refusal = this.enqueue(draft, this.#onPromise, resolve);
      if (refusal !== undefined) resolve(refusal);
    });
    if (result instanceof Error) throw result;
    return result;
  }

  /**
   * All of one commit, in order, before anybody is told: whoever hears «stored» is behind the events. Where fan-outs
   * are behind he hears it later, so that nobody who waits for his ack writes faster than members can be told.
   */
  settled(batch: readonly Settled<Asked>[]): void {
    const events: GroupEvent[] = [];
    const contacts: Delivery[] = [];
    const told = new Map<AppendListener<unknown>, Settled<unknown>[]>();
    for (const settled of batch) {
      const { draft, context: asked, result } = settled;
      const deed = this.#deedOf(settled);
      if (deed !== undefined) {
        const event = deliveryOf(deed);
        const contact = contactsOf(deed);
        events.push(event);
        if (contact !== undefined) contacts.push(contact);
      }
      const own = { draft, context: asked.context, result };
      const before = told.get(asked.listener);
      if (before === undefined) told.set(asked.listener, [own]);
      else before.push(own);
    }
    this.#fanOut.send(events, contacts, () => {
      for (const [listener, own] of told) listener.settled(own);
    });
  }

  /** Undefined where nothing is to go out: what was stored earlier did so then. */
  #deedOf({ draft, context, result }: Settled<Asked>): Deed | undefined {
    const { conv, event: said } = draft;
    const gid = groupOf(conv);
    if (said === undefined || conv === '' || gid === undefined) return undefined;
    if (result instanceof Error) {
      if (isError(result, 'OUTCOME_UNKNOWN')) this.#seen.unanswered(gid, said);
      return undefined;
    }
    const answered = context.isAnswered ? said.device : undefined;
    if (result.outcome === 'duplicate') {
      const { event } = result;
      if (!this.#seen.isOwed(gid, event.seq, said)) return undefined;
      return { event, notice: noticeOf(event), memberCount: this.#seen.sizeOf(gid) ?? 0, answered };
    }
    if (result.outcome !== 'stored') return undefined;
    const { memberCount, seq } = result.event;
    this.#seen.stored(gid, seq, memberCount);
    const event = storedEvent(conv, said, result.event, result.content);
    return { event, notice: noticeOf(event), memberCount, answered };
  }
}
