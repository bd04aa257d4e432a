/**
 * What changes or marks a message: edits, reactions, pins. The target is found by its mid, then the event goes to the
 * batcher (or to its group) together with the change; the store decides under the lock whether it is allowed.
 */
import { randomUUID } from 'node:crypto';
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { CodedError } from '../../pkg/errors/coded_error.js';
import { Gather } from '../../pkg/queue/gather.js';
import type { Caller, EditRequest, EventPlace, MessageEvents, MessageTarget } from '../api/interface.js';
import { imError } from '../errors.js';
import type { Groups } from '../group/interface.js';
import { isClientId, isLongerThan } from '../message/client_id.js';
import { addressee } from '../message/conversation.js';
import { codedErrorOf } from '../message/error_info.js';
import {
  editContent,
  pinContent,
  REACTION_BYTES,
  reactionContent,
  type EventTarget,
} from '../message/event_content.js';
import { isGid, type Mid, type Uid } from '../message/ids.js';
import { EVENT_KIND, type ChatEvent, type EventKind } from '../message/message.js';
import type {
  Appender,
  AppendListener,
  Change,
  LocatedMessage,
  MessageStore,
  Settled,
} from '../store/interface.js';
import type { EventDelivery } from './event_delivery.js';
import { eventOf } from './settled_event.js';

export const EVENT_OPTIONS = {
  editWindowMs: integer(
    900_000,
    'ms',
    { min: 1, max: 315_360_000_000 },
    'A message may be edited by its sender for so long after it was stored. What it said before is kept and can be ' +
      'read by everybody who reads it.',
  ),
};
export type EventOptions = OptionsOf<typeof EVENT_OPTIONS> & {
  /** As of a new message. */
  readonly contentBytes: number;
};

export interface EventHandlerDeps {
  readonly store: Pick<MessageStore, 'locate'>;
  readonly appender: Pick<Appender, 'enqueue'>;
  readonly groups: Pick<Groups, 'enqueue'>;
  readonly delivery: Pick<EventDelivery, 'deliver'>;
}

type Doer = Pick<Caller, 'uid' | 'device'>;

interface Question {
  readonly uid: Uid;
  readonly mid: Mid;
}

interface Deed {
  readonly kind: EventKind;
  readonly clientId: string;
  readonly content: string;
  readonly change: Change;
}

interface Pending {
  readonly kind: EventKind;
  readonly resolve: (event: ChatEvent | undefined) => void;
  readonly reject: (error: CodedError) => void;
}

/** Looked up in one read. */
const LOCATE_COUNT = 500;

export class EventHandler implements AppendListener<Pending>, MessageEvents {
  readonly #options: EventOptions;
  readonly #deps: EventHandlerDeps;
  readonly #targets = new Gather<Question, LocatedMessage | undefined>(
    (questions) => this.#locate(questions),
    LOCATE_COUNT,
  );

  constructor(options: EventOptions, deps: EventHandlerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  async edit(caller: Doer, { conv, mid, content, clientId }: EditRequest): Promise<EventPlace> {
    const { contentBytes, editWindowMs } = this.#options;
    if (!isClientId(clientId)) throw imError('BAD_CLIENT_ID');
    if (!content.isWellFormed() || content.includes('\0')) throw imError('INVALID_PARAMETER', 'content');
    if (isLongerThan(content, contentBytes)) throw imError('CONTENT_TOO_LARGE');
    const found = await this.#find(caller, { conv, mid });
    if (found.from !== caller.uid) throw imError('NO_PERMISSION');
    const place = await this.#append(caller, found, {
      kind: EVENT_KIND.edit,
      clientId,
      content: editContent({ ...targetOf(found), content }),
      change: { kind: 'edit', mid, by: caller.uid, content, windowMs: editWindowMs },
    });
    // A store that wrote no event has broken its promise.
    if (place === undefined) throw imError('INTERNAL');
    return place;
  }

  async react(
    caller: Doer,
    target: MessageTarget,
    emoji: string,
    on: boolean,
  ): Promise<EventPlace | undefined> {
    if (emoji === '' || isLongerThan(emoji, REACTION_BYTES) || !emoji.isWellFormed() || emoji.includes('\0'))
      throw imError('INVALID_PARAMETER', 'emoji');
    const found = await this.#find(caller, target);
    return this.#append(caller, found, {
      kind: EVENT_KIND.reaction,
      clientId: `react-${randomUUID()}`,
      content: reactionContent({ ...targetOf(found), emoji, on }),
      change: { kind: 'reaction', mid: found.mid, by: caller.uid, emoji, on },
    });
  }

  async pin(caller: Doer, target: MessageTarget, on: boolean): Promise<EventPlace | undefined> {
    const found = await this.#find(caller, target);
    return this.#append(caller, found, {
      kind: EVENT_KIND.pin,
      clientId: `pin-${randomUUID()}`,
      content: pinContent({ ...targetOf(found), on }),
      change: { kind: 'pin', mid: found.mid, by: caller.uid, on },
    });
  }

  /** Delivers what belongs to two people; a group's events are on their way already. */
  settled(batch: readonly Settled<Pending>[]): void {
    const events: ChatEvent[] = [];
    for (const settled of batch) {
      const { context, result } = settled;
      if (!(result instanceof Error) && result.outcome === 'changed') {
        context.resolve(undefined);
        continue;
      }
      const outcome = eventOf(settled);
      if (!('seq' in outcome)) {
        context.reject(codedErrorOf(outcome));
        continue;
      }
      if (outcome.kind !== context.kind) {
        // The sender gave something else of his that name.
        context.reject(imError('BAD_CLIENT_ID'));
        continue;
      }
      context.resolve(outcome);
      if (!isGid(outcome.to)) events.push(outcome);
    }
    // The caller's own device is pushed it too: the answer alone would leave a hole in what it was pushed.
    if (events.length > 0)
      void this.#deps.delivery.deliver(
        events,
        events.map(() => ({})),
      );
  }

  async #find({ uid }: Doer, { conv, mid }: MessageTarget): Promise<LocatedMessage> {
    const found = await this.#targets.ask({ uid, mid });
    if (found?.conv !== conv) throw imError('NO_SUCH_MESSAGE');
    return found;
  }

  async #append(
    { uid, device }: Doer,
    { conv }: LocatedMessage,
    { change, ...deed }: Deed,
  ): Promise<EventPlace | undefined> {
    const to = addressee(conv, uid);
    if (to === undefined) throw imError('NO_PERMISSION');
    const event = { ...deed, from: uid, device, to, mid: 0 as const, type: 0, sentAtMs: 0 };
    const stored = await new Promise<ChatEvent | undefined>((resolve, reject) => {
      const pending: Pending = { kind: deed.kind, resolve, reject };
      const draft = { conv, event, change };
      const { appender, groups } = this.#deps;
      const refusal = isGid(to)
        ? groups.enqueue({ ...draft, isAnswered: false }, this, pending)
        : appender.enqueue(draft, this, pending);
      if (refusal !== undefined) reject(refusal);
    });
    if (stored === undefined) return undefined;
    const { mid, seq, storedAtMs } = stored;
    return { conv, mid, seq, storedAtMs };
  }

  async #locate(questions: readonly Question[]): Promise<readonly (LocatedMessage | undefined)[]> {
    const asked = new Map<Uid, Set<Mid>>();
    for (const { uid, mid } of questions) {
      const mids = asked.get(uid);
      if (mids === undefined) asked.set(uid, new Set([mid]));
      else mids.add(mid);
    }
    const found = new Map<Uid, ReadonlyMap<Mid, LocatedMessage>>();
    await Promise.all(
      Array.from(asked, async ([uid, mids]) => {
        const located = await this.#deps.store.locate(uid, [...mids]);
        found.set(uid, new Map(located.map((message) => [message.mid, message])));
      }),
    );
    return questions.map(({ uid, mid }) => found.get(uid)?.get(mid));
  }
}

function targetOf({ mid, clientId, seq }: LocatedMessage): EventTarget {
  return { mid, clientId, seq };
}
