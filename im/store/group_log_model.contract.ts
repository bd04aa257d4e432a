/**
 * A group's log and what each of its people may know of it, said a second time and slowly: whole logs are walked for
 * every question. Restates docs/groups.md, docs/events.md and the ports' comments; users go by their numbers in the
 * scene.
 */
import { EVENT_KIND, MESSAGE_STATUS, type EventKind } from '../message/message.js';
import { DEFAULT_SETTINGS, type ConversationSettings } from '../message/settings.js';

/** Stands for everybody where users are named by their numbers. */
export const ALL = -1;

export interface ModelEvent {
  readonly seq: number;
  readonly mid: number;
  readonly kind: EventKind;
  readonly by: number;
  readonly device: number;
  readonly content: string;
  readonly mentions: readonly number[];
  /** Of an edit: the message. */
  readonly target: number;
  /** By seq; what the message says since. */
  readonly edits: { readonly seq: number; readonly content: string }[];
  status: number;
}

/** From the notice of his coming to that of his going. `since`: what he may read of before. */
interface Membership {
  readonly since: number;
  readonly joined: number;
  left: number;
}

export interface ModelMark {
  readonly from: number;
  readonly to: number;
  readonly read: boolean;
}

interface Side {
  readonly stays: Membership[];
  /** By device. */
  readonly marks: Map<number, number>;
  delivered: number;
  read: number;
  /** Seqs that he has told of at any time while they counted. */
  readonly hasGot: Set<number>;
  readonly hasRead: Set<number>;
  settings: Omit<ConversationSettings, 'hidden'>;
  /** How many messages there were for him when he hid it. */
  hiddenAt: number | undefined;
}

export type NewModelEvent = Pick<ModelEvent, 'mid' | 'kind' | 'by' | 'device'> &
  Partial<Pick<ModelEvent, 'content' | 'mentions' | 'target'>>;

export class GroupLogModel {
  readonly log: ModelEvent[] = [];
  readonly sides = new Map<number, Side>();
  /** By mid, then emoji. */
  readonly reactions = new Map<number, Map<string, Set<number>>>();
  /** By mid: the seq of the event. */
  readonly pins = new Map<number, number>();
  floor = 1;
  /** Below it nothing is known of an event. */
  firstRow = 1;
  isOpen = false;
  isDissolved = false;

  get lastSeq(): number {
    return this.log.length;
  }

  write(event: NewModelEvent): ModelEvent {
    const plain = { content: '', mentions: [], target: 0, edits: [], status: MESSAGE_STATUS.normal };
    const written = { ...plain, ...event, seq: this.lastSeq + 1 };
    this.log.push(written);
    return written;
  }

  /** The event that says so has just been written. */
  come(who: number): void {
    const joined = this.lastSeq;
    const stay = { since: this.isOpen ? 1 : joined, joined, left: Infinity };
    const side = this.sides.get(who);
    if (side !== undefined) {
      if (this.isOpen) this.#beginAnew(who, side, joined);
      side.stays.push(stay);
      Object.assign(side, { hiddenAt: undefined, settings: { ...side.settings, interest: 'full' } });
      return;
    }
    this.sides.set(who, {
      stays: [stay],
      marks: new Map(),
      delivered: joined - 1,
      read: joined - 1,
      hasGot: new Set(),
      hasRead: new Set(),
      settings: DEFAULT_SETTINGS,
      hiddenAt: undefined,
    });
  }

  /** Whatever had come to the end of his earlier time begins at his return. */
  #beginAnew(who: number, side: Side, joined: number): void {
    const left = side.stays.at(-1)?.left ?? 0;
    const isAtEnd = (mark: number) => mark >= left - 1 || this.floor >= left;
    const isUnread = ({ seq, by, kind, status }: ModelEvent) =>
      by !== who && kind === EVENT_KIND.message && status === MESSAGE_STATUS.normal && seq > side.read;
    for (const [device, mark] of side.marks) if (isAtEnd(mark)) side.marks.set(device, joined - 1);
    if (isAtEnd(Math.max(side.delivered, side.read))) side.delivered = joined - 1;
    if (!this.log.some((event) => isUnread(event) && this.wasIn(who, event.seq))) side.read = joined - 1;
  }

  go(who: number): void {
    const stay = this.sides.get(who)?.stays.at(-1);
    if (stay !== undefined) stay.left = this.lastSeq;
  }

  isMember(who: number): boolean {
    return !this.isDissolved && this.isIn(who);
  }

  /** Also of a group that ended with him in it. */
  isIn(who: number): boolean {
    return this.sides.get(who)?.stays.at(-1)?.left === Infinity;
  }

  wasIn(who: number, seq: number): boolean {
    return this.sides.get(who)?.stays.some(({ joined, left }) => joined <= seq && seq <= left) === true;
  }

  mayRead(who: number, seq: number): boolean {
    const stays = this.sides.get(who)?.stays ?? [];
    return (
      this.floor <= seq && seq <= this.lastSeq && stays.some(({ since, left }) => since <= seq && seq <= left)
    );
  }

  readable(who: number): readonly ModelEvent[] {
    return this.log.filter(({ seq }) => this.mayRead(who, seq));
  }

  /** The last that is for him, erased or not. */
  lastOf(who: number): number {
    return Math.min(this.sides.get(who)?.stays.at(-1)?.left ?? 0, this.lastSeq);
  }

  /** Several requests of one device at once. */
  mark(who: number, device: number, requests: readonly ModelMark[]): void {
    const side = this.sides.get(who);
    const good = requests.filter(({ from, to }) => from <= to);
    if (side === undefined || good.length === 0) return;
    const last = this.lastOf(who);
    let at = side.marks.get(device) ?? side.read;
    const passes = (seq: number): boolean => {
      const event = this.log[seq - 1];
      if (!this.mayRead(who, seq) || (event?.by === who && event.device === device)) return true;
      return good.some(({ from, to }) => from <= seq && seq <= to);
    };
    while (at < last && passes(at + 1)) at += 1;
    side.marks.set(device, at);
    side.delivered = Math.max(side.delivered, at);
    for (const { to, read } of good) if (read) side.read = Math.max(side.read, Math.min(to, last));
    for (const { seq } of this.log) {
      if (seq <= side.read) side.hasRead.add(seq);
      if (seq <= Math.max(side.delivered, side.read)) side.hasGot.add(seq);
    }
  }

  edit(target: ModelEvent, seq: number, content: string): void {
    target.edits.push({ seq, content });
  }

  recall(target: ModelEvent): void {
    target.status = MESSAGE_STATUS.recalled;
    this.#forget(target);
  }

  /** All but the newest `keep` are erased. */
  expire(keep: number, isGone: boolean): void {
    for (const event of this.log) {
      if (event.seq > this.lastSeq - keep) break;
      event.status = MESSAGE_STATUS.expired;
      this.#forget(event);
      this.floor = Math.max(this.floor, event.seq + 1);
    }
    if (isGone) this.firstRow = this.floor;
  }

  #forget({ mid }: ModelEvent): void {
    this.reactions.delete(mid);
    this.pins.delete(mid);
  }

  /** The edits that he may read, oldest first: what others wrote is as if it had not been written. */
  editsFor(who: number, event: ModelEvent): ModelEvent['edits'] {
    return event.edits.filter(({ seq }) => this.mayRead(who, seq));
  }

  /** What an event says to him. */
  textFor(who: number, event: ModelEvent): string {
    if (event.kind === EVENT_KIND.edit) {
      return this.log[event.target - 1]?.status === MESSAGE_STATUS.normal ? event.content : '';
    }
    if (event.kind !== EVENT_KIND.message || event.status !== MESSAGE_STATUS.normal) return '';
    return this.editsFor(who, event).at(-1)?.content ?? event.content;
  }

  unread(who: number): readonly ModelEvent[] {
    const read = this.sides.get(who)?.read ?? 0;
    return this.readable(who).filter(
      ({ seq, by, kind, status }) =>
        seq > read && by !== who && kind === EVENT_KIND.message && status === MESSAGE_STATUS.normal,
    );
  }

  mentions(who: number): readonly ModelEvent[] {
    return this.unread(who).filter(({ mentions }) => mentions.includes(who) || mentions.includes(ALL));
  }

  isHidden(who: number): boolean {
    return this.sides.get(who)?.hiddenAt === this.#messagesFor(who);
  }

  set(who: number, change: Partial<ConversationSettings>): void {
    const side = this.sides.get(who);
    if (side === undefined) return;
    const { hidden = this.isHidden(who), ...rest } = change;
    side.settings = { ...side.settings, ...rest };
    side.hiddenAt = hidden ? this.#messagesFor(who) : undefined;
  }

  #messagesFor(who: number): number {
    return this.log.filter(({ seq, kind }) => seq <= this.lastOf(who) && kind === EVENT_KIND.message).length;
  }
}
