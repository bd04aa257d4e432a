/**
 * Taking a message back: found by its mid, then to the batcher as an event of its own with the change of its
 * target; the store decides under the lock whether it is allowed, and whether it has been done already.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { Logger } from '../../pkg/log/logger.js';
import type { Caller, Recaller } from '../api/interface.js';
import { toCodedError } from '../errors.js';
import type { Groups } from '../group/interface.js';
import { conversationWith } from '../message/conversation.js';
import { isGid, type Device, type Mid, type PeerId, type Uid } from '../message/ids.js';
import { codedErrorOf, errorInfo, errorInfoOf } from '../message/error_info.js';
import {
  EVENT_KIND,
  type ChatEvent,
  type DownFrame,
  type ErrorInfo,
  type RecallUp,
} from '../message/message.js';
import { RECALL_TYPE, recallClientId, recallContent } from '../message/recall.js';
import type { Appender, AppendListener, LocatedTarget, MessageStore, Settled } from '../store/interface.js';
import type { EventDelivery, Sender } from './event_delivery.js';
import type { InboundFrame, Reply, ReplySink } from './interface.js';
import { eventOf } from './settled_event.js';
import type { WorldChannel } from './world_channel.js';

export const RECALL_OPTIONS = {
  recallWindowMs: integer(
    120_000,
    'ms',
    { min: 1, max: 315_360_000_000 },
    'A message may be taken back by its sender for so long after it was stored. Two minutes put a slip right ' +
      'and let nobody rewrite what was agreed.',
  ),
};
export type RecallOptions = OptionsOf<typeof RECALL_OPTIONS>;

export type InboundRecall = InboundFrame & { readonly frame: RecallUp; readonly uid: Uid };

export interface RecallHandlerDeps {
  readonly store: Pick<MessageStore, 'locate'>;
  readonly appender: Appender;
  readonly groups: Pick<Groups, 'enqueue'>;
  readonly world: Pick<WorldChannel, 'isClosed'>;
  readonly delivery: EventDelivery;
  readonly replies: ReplySink;
  readonly logger: Logger;
}

interface PendingRecall {
  readonly uid: Uid;
  readonly device: Device;
  readonly to: PeerId;
  readonly target: Mid;
  /** Of the recall itself; 0: to be allotted. */
  readonly mid: Mid | 0;
  readonly sender: Sender;
  /** Called once; must not throw. */
  readonly done: (outcome: ChatEvent | ErrorInfo) => void;
}

export class RecallHandler implements AppendListener<PendingRecall>, Recaller {
  readonly #options: RecallOptions;
  readonly #deps: RecallHandlerDeps;
  /** Bounded by what connections and HTTP requests may have unanswered. */
  #waiting: PendingRecall[] = [];
  #running = false;

  constructor(options: RecallOptions, deps: RecallHandlerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** The ack says what the sender said: his own mid where he had one, else the target's. */
  handle({ uid, device, connection, bytes, frame }: InboundRecall): void {
    const { to, target, mid, clientId, echo } = frame;
    const named = { mid: mid === 0 ? target : mid, clientId };
    const ending = (answer: DownFrame): Reply => ({ connection, ends: true, bytes, frame: answer });
    const done: PendingRecall['done'] = (outcome) => {
      if (!('seq' in outcome)) {
        this.#deps.replies.reply([ending({ kind: 'failed', echo, ...named, error: outcome })]);
        return;
      }
      const { conv, seq, storedAtMs } = outcome;
      const stored = ending({ kind: 'stored', echo, conv, seq, storedAtMs, ...named });
      const accepted = { kind: 'accepted', conv, seq, ...named } as const;
      this.#deps.replies.reply(
        isGid(to) ? [stored, { connection, ends: false, bytes: 0, frame: accepted }] : [stored],
      );
    };
    this.#add({ uid, device, to, target, mid, sender: { connection, device, named }, done });
  }

  async recall({ uid, device }: Pick<Caller, 'uid' | 'device'>, to: PeerId, target: Mid): Promise<void> {
    const outcome = await new Promise<ChatEvent | ErrorInfo>((done) =>
      this.#add({ uid, device, to, target, mid: 0, sender: {}, done }),
    );
    if (!('seq' in outcome)) throw codedErrorOf(outcome);
  }

  settled(batch: readonly Settled<PendingRecall>[]): void {
    const events: ChatEvent[] = [];
    const senders: Sender[] = [];
    for (const settled of batch) {
      const { context } = settled;
      const outcome = eventOf(settled);
      if ('seq' in outcome && outcome.kind !== EVENT_KIND.recall) {
        // The sender gave a message of his the name that its recall would have.
        context.done(errorInfo('BAD_CLIENT_ID'));
        continue;
      }
      context.done(outcome);
      // In a group it is on its way already (im/group).
      if (!('seq' in outcome) || isGid(outcome.to)) continue;
      events.push(outcome);
      senders.push(context.sender);
    }
    if (events.length > 0) void this.#deps.delivery.deliver(events, senders);
  }

  #add(recall: PendingRecall): void {
    this.#waiting.push(recall);
    if (this.#running) return;
    this.#running = true;
    setImmediate(() => void this.#run());
  }

  /** Gathers while one batch is looked up. Never rejects. */
  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const found = await this.#locate(batch).catch((error: unknown) => {
        this.#deps.logger.warn({ err: error, recalls: batch.length }, 'recalls could not be looked up');
        return toCodedError(error);
      });
      for (const recall of batch) {
        if (found instanceof Error) recall.done(errorInfoOf(found));
        else this.#enqueue(recall, found.get(recall.uid)?.get(recall.target));
      }
    }
    this.#running = false;
  }

  async #locate(batch: readonly PendingRecall[]): Promise<Map<Uid, Map<Mid, LocatedTarget>>> {
    const targets = new Map<Uid, Mid[]>();
    for (const { uid, target } of batch) {
      const mids = targets.get(uid);
      if (mids === undefined) targets.set(uid, [target]);
      else mids.push(target);
    }
    const found = new Map<Uid, Map<Mid, LocatedTarget>>();
    await Promise.all(
      Array.from(targets, async ([uid, mids]) => {
        const located = await this.#deps.store.locate(uid, mids);
        found.set(uid, new Map(located.map((message) => [message.mid, message])));
      }),
    );
    return found;
  }

  #enqueue(recall: PendingRecall, message: LocatedTarget | undefined): void {
    const { uid, device, to, target, mid, done } = recall;
    const conv = conversationWith(uid, to);
    if (this.#deps.world.isClosed(to)) return done(errorInfo('NO_SUCH_GROUP'));
    if (message?.conv !== conv) return done(errorInfo('NO_SUCH_MESSAGE'));
    // In a group the store knows whether he is an admin.
    if (message.from !== uid && !isGid(to)) return done(errorInfo('NO_PERMISSION'));
    const { clientId, seq, sentAtMs } = message;
    const event = {
      kind: EVENT_KIND.recall,
      from: uid,
      device,
      to,
      clientId: recallClientId(target),
      mid,
      type: RECALL_TYPE,
      content: recallContent({ by: uid, mid: target, clientId, seq, sentAtMs }),
      sentAtMs: 0,
    };
    const change = { kind: 'recall', mid: target, by: uid, windowMs: this.#options.recallWindowMs } as const;
    const draft = { conv, event, change };
    const isAnswered = recall.sender.device !== undefined;
    const refusal = isGid(to)
      ? this.#deps.groups.enqueue({ ...draft, isAnswered }, this, recall)
      : this.#deps.appender.enqueue(draft, this, recall);
    if (refusal !== undefined) done(errorInfoOf(refusal));
  }
}
