/**
 * What changes or marks a message (msg/edit, react, pin, unpin) and what is known of it besides the log (msg/pins,
 * reactions, edits, receipts). Rights are the store's.
 */
import { randomUUID } from 'node:crypto';
import type { ConversationName } from '../message/conversation.js';
import type { Mid } from '../message/ids.js';
import type { EventStore } from '../store/event_interface.js';
import { eventAnswer } from './event_answer.js';
import type { Caller, EventPlace, MessageEvents, MessageTarget } from './interface.js';

export interface EventApiDeps {
  readonly events: Pick<EventStore, 'reactions' | 'pins' | 'edits' | 'receipts'>;
  readonly changes: MessageEvents;
}

export interface EditInput extends MessageTarget {
  readonly content: string;
  /** '': one is made up, and trying again is another edit. */
  readonly cliMid: string;
}

export class EventApi {
  readonly #deps: EventApiDeps;

  constructor(deps: EventApiDeps) {
    this.#deps = deps;
  }

  /** Throws what MessageEvents.edit throws. */
  async edit({ cliMid, ...edit }: EditInput, caller: Caller): Promise<unknown> {
    const clientId = cliMid === '' ? `edit-${randomUUID()}` : cliMid;
    return placeAnswer(await this.#deps.changes.edit(caller, { ...edit, clientId }));
  }

  /** '' where it was so already; so does `pin`. */
  async react(
    { emoji, on, ...target }: MessageTarget & { readonly emoji: string; readonly on: boolean },
    caller: Caller,
  ): Promise<unknown> {
    return placeAnswer(await this.#deps.changes.react(caller, target, emoji, on));
  }

  async pin({ on, ...target }: MessageTarget & { readonly on: boolean }, caller: Caller): Promise<unknown> {
    return placeAnswer(await this.#deps.changes.pin(caller, target, on));
  }

  /** Last pinned first. */
  async pins(conv: ConversationName, { uid }: Caller): Promise<unknown> {
    const events = await this.#deps.events.pins(uid, conv);
    return { conv, events: events.flatMap(eventAnswer) };
  }

  async reactions(
    { conv, mid }: { readonly conv: ConversationName; readonly mid: readonly Mid[] },
    { uid }: Caller,
  ): Promise<unknown> {
    if (mid.length === 0) return [];
    const rows = await this.#deps.events.reactions(uid, conv, mid);
    return rows.map((row) => ({ ...row, uids: row.uids.map(String) }));
  }

  /** What it said before, oldest first; what it says now is in the message. */
  async edits({ conv, mid }: MessageTarget, { uid }: Caller): Promise<unknown> {
    const rows = await this.#deps.events.edits(uid, conv, mid);
    return rows.map(({ content, untilMs }) => ({ content, until: untilMs }));
  }

  async receipts({ conv, mid }: MessageTarget, { uid }: Caller): Promise<unknown> {
    const found = await this.#deps.events.receipts(uid, conv, mid);
    return { ...found, readers: found.readers.map(String) };
  }
}

/** An answer is never empty: one public client refuses that. */
function placeAnswer(place: EventPlace | undefined): unknown {
  if (place === undefined) return '';
  const { conv, mid, seq, storedAtMs } = place;
  return { conv, mid, seq, storedAt: storedAtMs };
}
