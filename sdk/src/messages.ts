/**
 * `client.messages`: what one does with messages that are said: edit, react, pin, see who read them, page through a
 * log, search. Edits, reactions and pins come back as events of the log, to every device. All methods reject with a
 * CodedError: NO_PERMISSION, NO_SUCH_MESSAGE or what is named beside them.
 */
import { isJsonObject } from '../../im/message/json_fields.js';
import { rowsOf, understood, type FacetDeps } from './answers.js';
import type {
  EarlierContent,
  EventPlace,
  MessagePage,
  MessageReceipts,
  Reaction,
  SearchOptions,
  SearchPage,
} from './message_types.js';
import type { Message } from './types.js';
import * as wire from './wire_messages.js';

/** A message as it was shown, or what names it. */
export type MessageName = Pick<Message, 'conv' | 'mid'>;

/** A place in a log: a seq, or a message there. */
export type Place = number | Pick<Message, 'mid'>;

const PAGE_COUNT = 50;

export class Messages {
  readonly #deps: FacetDeps;

  constructor(deps: FacetDeps) {
    this.#deps = deps;
  }

  /**
   * An own message says something else from now on. The same `clientId` again is the same edit: name one where
   * you may have to try again. EDIT_TOO_LATE, CONTENT_TOO_LARGE.
   */
  async edit({ conv, mid }: MessageName, content: string, clientId?: string): Promise<EventPlace> {
    const data = { conv, mid, content, ...(clientId !== undefined && { cliMid: clientId }) };
    const place = await this.#cause('msg/edit', data);
    return understood(place === 'unchanged' ? undefined : place, 'msg/edit');
  }

  /** `on: false` takes it away. Any short text, usually one emoji; the same again changes nothing. TOO_MANY_REACTIONS. */
  async react({ conv, mid }: MessageName, emoji: string, on = true): Promise<void> {
    await this.#cause('msg/react', { conv, mid, emoji, on });
  }

  /** In a group: by owner and admins. TOO_MANY_PINS. */
  async pin({ conv, mid }: MessageName, on = true): Promise<void> {
    await this.#cause('msg/pin', { conv, mid, on });
  }

  /** The pinned messages, last pinned first. */
  async pins(conv: string): Promise<readonly Message[]> {
    const data = await this.#deps.call('msg/pins', { conv });
    return understood(wire.readMessages(data, this.#deps.uid()), 'msg/pins');
  }

  /** Of up to 100 messages. */
  async reactions(conv: string, mids: readonly number[]): Promise<readonly Reaction[]> {
    const data = await this.#deps.call('msg/reactions', { conv, mid: mids });
    return rowsOf(data, 'msg/reactions', wire.readReaction);
  }

  /** What it said before, oldest first. */
  async edits({ conv, mid }: MessageName): Promise<readonly EarlierContent[]> {
    return rowsOf(await this.#deps.call('msg/edits', { conv, mid }), 'msg/edits', wire.readEarlier);
  }

  /** Who has got an own message; an admin may ask of anybody's. */
  async receipts({ conv, mid }: MessageName): Promise<MessageReceipts> {
    const data = await this.#deps.call('msg/receipts', { conv, mid });
    return understood(wire.readReceipts(data), 'msg/receipts');
  }

  /** Those of up to 50 mids that this user may read. */
  async get(mids: readonly number[]): Promise<readonly Message[]> {
    const data = await this.#deps.call('msg/get', { mid: mids });
    return understood(wire.readMessages(data, this.#deps.uid()), 'msg/get');
  }

  /** What lies before a place; 0: the last of all. */
  before(conv: string, place: Place = 0, limit = PAGE_COUNT): Promise<MessagePage> {
    return this.#page({ conv, side: 'before', limit, ...named(place) });
  }

  /** What lies behind a place; 0: the first of all. */
  after(conv: string, place: Place = 0, limit = PAGE_COUNT): Promise<MessagePage> {
    return this.#page({ conv, side: 'after', limit, ...named(place) });
  }

  /** For jumping to a message: it is in the middle. */
  around(conv: string, place: Place, limit = PAGE_COUNT): Promise<MessagePage> {
    return this.#page({ conv, side: 'around', limit, ...named(place) });
  }

  /** Stored at or after `sinceMs`, and before `untilMs` (0: no bound): the newest of them. */
  between(conv: string, sinceMs: number, untilMs: number, limit = PAGE_COUNT): Promise<MessagePage> {
    return this.#page({ conv, side: 'time', from: sinceMs, to: untilMs, limit });
  }

  /** In one's own conversations: all words of `text` are there. INVALID_PARAMETER where it has none. */
  async search(text: string, options: SearchOptions = {}): Promise<SearchPage> {
    const { conv, from, sinceMs, untilMs, before, limit } = options;
    const data = { text, conv, uid: from, from: sinceMs, to: untilMs, before, limit };
    const answer = await this.#deps.call('msg/search', data);
    return understood(wire.readSearch(answer, this.#deps.uid()), 'msg/search');
  }

  async #page(data: Readonly<Record<string, unknown>>): Promise<MessagePage> {
    const answer = await this.#deps.call('msg/page', data);
    return understood(wire.readPage(answer, this.#deps.uid()), 'msg/page');
  }

  async #cause(operation: string, data: unknown): Promise<EventPlace | 'unchanged'> {
    const place = understood(wire.readPlace(await this.#deps.call(operation, data)), operation);
    if (place !== 'unchanged') this.#deps.expects(place.conv, place.seq);
    return place;
  }
}

function named(place: Place): Readonly<Record<string, number>> {
  return isJsonObject(place) ? { mid: place.mid } : { seq: place };
}
