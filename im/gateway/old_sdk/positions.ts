/**
 * Where one old client's connection stands in each conversation, so that its pushes go out in order and each once:
 *
 *   1 ………… pushedTo │ a hole, or what was let go │ missedFrom ………… missedTo
 *   pushed, or not   │ read from the store when there is room, then all of it is pushed in order
 *   for this device  │
 *
 * Numbers only, never a message. Bounded: the conversation that was longest quiet is forgotten first, and one that
 * is behind never. A busy one is kept for a while beyond the limit: the store's mark, which counts once it is
 * forgotten, lags behind the receipts, and what was received would come again.
 */
import { groupOf, type ConversationName } from '../../message/conversation.js';
import { known, toSeq, type Seq } from '../../message/ids.js';

interface Position {
  /** UNKNOWN: the store's mark of the device says. */
  pushedTo: number;
  /** Events that came and could not be pushed yet; 0: none, nothing is missing. */
  missedFrom: number;
  missedTo: number;
  /** What the device itself sent further on, which is never pushed to it and is therefore no hole; ascending. */
  own: readonly number[];
  pushedAtMs: number;
  /** Something before was withheld: what is pushed next begins where the store says. */
  isWithheld: boolean;
}

/** What to do with an event that comes: push it, drop it, or read it from the store in its turn. */
export type Arrival = 'next' | 'seen' | 'later';

const UNKNOWN = -1;
/** Own messages acknowledged before a push that lies below them: a batch's worth. Beyond it they look like a hole. */
const OWN_COUNT = 32;
/** Longer than a receipt takes, on its way and until the store's mark has it. */
const BUSY_MS = 3000;
const NO_OWN: readonly number[] = [];

export class Positions {
  readonly #positions = new Map<ConversationName, Position>();
  readonly #behind = new Set<ConversationName>();
  #limit: number;
  #busyLimit: number;
  /** Of each kind: one that is not remembered need not be a new one. */
  #hasForgottenChats = false;
  #hasForgottenGroups = false;

  constructor(limit: number, busyLimit: number) {
    this.#limit = limit;
    this.#busyLimit = busyLimit;
  }

  /** Conversations that nothing is owed of. */
  get inOrderCount(): number {
    return this.#positions.size - this.#behind.size;
  }

  get behindCount(): number {
    return this.#behind.size;
  }

  /** More than need be remembered: `trim` is to be called now and then. */
  get isOver(): boolean {
    return this.#positions.size > this.#limit;
  }

  /** One of its kind was forgotten: whether this is a new one only the store knows. */
  hasForgotten(conv: ConversationName): boolean {
    return groupOf(conv) === undefined ? this.#hasForgottenChats : this.#hasForgottenGroups;
  }

  /** Of those that are not remembered nothing is known. */
  forgot(kind: 'groups' | 'all'): void {
    this.#hasForgottenGroups = true;
    if (kind === 'all') this.#hasForgottenChats = true;
  }

  get count(): number {
    return this.#positions.size;
  }

  get isBehind(): boolean {
    return this.#behind.size > 0;
  }

  /** The conversation that has been behind for longest, or was looked at longest ago. */
  nextBehind(): ConversationName | undefined {
    for (const conv of this.#behind) return conv;
    return undefined;
  }

  /** `start`: what counts as pushed where nothing is remembered; undefined where only the store knows. */
  arrived(conv: ConversationName, seq: Seq, after: Seq, start: Seq | undefined): Arrival {
    const position = start === undefined ? this.#positions.get(conv) : this.#at(conv);
    if (position === undefined) return 'later';
    if (position.isWithheld) resume(position);
    // Where something is missing before it, it is no beginning.
    else if (position.pushedTo === UNKNOWN && position.missedFrom === 0 && start !== undefined)
      position.pushedTo = start;
    if (position.pushedTo === UNKNOWN) return 'later';
    if (seq <= position.pushedTo) return 'seen';
    return position.missedFrom === 0 && after <= position.pushedTo ? 'next' : 'later';
  }

  /** Up to where everything of `conv` was pushed; undefined where only the store knows. */
  pushedTo(conv: ConversationName): Seq | undefined {
    const position = this.#positions.get(conv);
    return position === undefined || position.pushedTo === UNKNOWN
      ? undefined
      : known(toSeq(position.pushedTo));
  }

  /** The last event that could not be pushed yet. */
  missedTo(conv: ConversationName): Seq {
    return known(toSeq(this.#positions.get(conv)?.missedTo ?? 0));
  }

  /** All that is known of where the connection stands. */
  passed(): ReadonlyMap<ConversationName, Seq> {
    const passed = new Map<ConversationName, Seq>();
    for (const [conv, { pushedTo }] of this.#positions) {
      if (pushedTo !== UNKNOWN) passed.set(conv, known(toSeq(pushedTo)));
    }
    return passed;
  }

  /** Everything up to `seq` has been pushed now, or is not for this device. False where there is no memory left. */
  pushed(conv: ConversationName, seq: Seq): boolean {
    const position = this.#at(conv);
    if (position === undefined) return false;
    if (seq > position.pushedTo) position.pushedTo = seq;
    position.pushedAtMs = Math.floor(performance.now());
    for (const own of position.own) if (own === position.pushedTo + 1) position.pushedTo = own;
    if (position.own.length > 0) position.own = position.own.filter((own) => own > position.pushedTo);
    if (position.missedFrom === 0) return true;
    if (position.pushedTo >= position.missedTo) {
      position.missedFrom = 0;
      position.missedTo = 0;
      this.#behind.delete(conv);
    } else if (position.pushedTo >= position.missedFrom) {
      position.missedFrom = position.pushedTo + 1;
    }
    return true;
  }

  /** An event that is not pushed now. False where there is no memory left: then the store must be asked for everything. */
  missed(conv: ConversationName, seq: Seq): boolean {
    // Before the first event there is nothing to be read, and no push would ever end it.
    if (seq === 0) return true;
    const position = this.#at(conv);
    if (position === undefined) {
      // What comes next in it is no beginning.
      this.#noteForgotten(conv);
      return false;
    }
    if (position.isWithheld) resume(position);
    if (seq <= position.pushedTo) return true;
    if (position.missedFrom === 0 || seq < position.missedFrom) position.missedFrom = seq;
    if (seq > position.missedTo) position.missedTo = seq;
    this.#behind.add(conv);
    return true;
  }

  /** A group, of which some was not for this device: if it is given more, all of that comes first. */
  withheld(conv: ConversationName): void {
    const position = this.#at(conv);
    if (position === undefined) this.forgot('groups');
    else position.isWithheld = true;
  }

  /** Came while this connection was there: whoever sent it was not told «offline». */
  isMissed(conv: ConversationName, seq: Seq): boolean {
    const position = this.#positions.get(conv);
    return position !== undefined && position.missedFrom !== 0 && seq >= position.missedFrom;
  }

  /** What came and was never pushed, for each conversation. */
  missedIntervals(): readonly { conv: ConversationName; from: Seq; to: Seq }[] {
    return [...this.#behind].map((conv) => ({
      conv,
      from: known(toSeq(this.#positions.get(conv)?.missedFrom)),
      to: this.missedTo(conv),
    }));
  }

  /** The device's own message was stored: it is not pushed to it. */
  sentOwn(conv: ConversationName, seq: Seq): void {
    const position = this.#positions.get(conv);
    if (position === undefined || position.pushedTo === UNKNOWN || seq <= position.pushedTo) return;
    if (seq === position.pushedTo + 1 && position.missedFrom === 0) this.pushed(conv, seq);
    else if (position.own.length < OWN_COUNT && !position.own.includes(seq))
      position.own = [...position.own, seq].sort((one, other) => one - other);
  }

  /** Goes on with the others first. */
  postpone(conv: ConversationName): void {
    if (this.#behind.delete(conv)) this.#behind.add(conv);
  }

  /** From now on so many conversations, and with the busy ones so many; the rest is forgotten, save what is behind. */
  remember(limit: number, busyLimit: number): void {
    this.#limit = limit;
    this.#busyLimit = busyLimit;
    for (const conv of this.#positions.keys()) {
      if (this.#positions.size <= busyLimit) return;
      if (!this.#behind.has(conv)) this.#forget(conv);
    }
  }

  /** Forgets what is too many and has been quiet for a while; `waiting` have pushes without receipt, and are kept. */
  trim(nowMs: number, waiting: ReadonlySet<ConversationName>): void {
    for (const [conv, { pushedAtMs }] of this.#positions) {
      if (this.#positions.size <= this.#limit) return;
      if (nowMs - pushedAtMs >= BUSY_MS && !this.#behind.has(conv) && !waiting.has(conv)) this.#forget(conv);
    }
  }

  #at(conv: ConversationName): Position | undefined {
    const existing = this.#positions.get(conv);
    if (existing !== undefined) {
      // The order of the map is the order of use, which matters only once something has to go.
      if (this.#positions.size * 2 > this.#limit) {
        this.#positions.delete(conv);
        this.#positions.set(conv, existing);
      }
      return existing;
    }
    if (this.#positions.size >= this.#busyLimit && !this.#forgetOne()) return undefined;
    const position: Position = {
      ...{ pushedTo: UNKNOWN, missedFrom: 0, missedTo: 0, own: NO_OWN, pushedAtMs: 0 },
      isWithheld: false,
    };
    this.#positions.set(conv, position);
    return position;
  }

  #forgetOne(): boolean {
    for (const conv of this.#positions.keys()) {
      if (this.#behind.has(conv)) continue;
      this.#forget(conv);
      return true;
    }
    return false;
  }

  #forget(conv: ConversationName): void {
    this.#positions.delete(conv);
    this.#noteForgotten(conv);
  }

  #noteForgotten(conv: ConversationName): void {
    if (groupOf(conv) === undefined) this.#hasForgottenChats = true;
    else this.#hasForgottenGroups = true;
  }
}

function resume(position: Position): void {
  position.isWithheld = false;
  position.pushedTo = UNKNOWN;
  position.own = NO_OWN;
}
