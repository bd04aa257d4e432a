/** For random plays: chats and groups as the store has them for one user, and the mark of one device of his. */
import { imError } from '../../errors.js';
import { chatPeer, groupOf, toConversation, type ConversationName } from '../../message/conversation.js';
import { known, toMid, toSeq, type Gid, type Seq, type Uid } from '../../message/ids.js';
import { EVENT_KIND, type ChatEvent, type EventKind, type PushedMessage } from '../../message/message.js';
import { NOTICE_TYPE, membersChanged, noticeContent, type GroupNotice } from '../../message/notice.js';
import { DEFAULT_SETTINGS, type Interest } from '../../message/settings.js';
import type { MembershipPage } from '../../store/group_interface.js';
import type { MessageStore } from '../../store/interface.js';
import { READER } from './fake_old_client.js';
import type { OldSdkStore } from './store_pages.js';

/** From where an event comes: the device that is played never gets what it sent itself. */
export type Origin = 'peer' | 'device' | 'elsewhere';

export interface Logged extends ChatEvent {
  readonly isOwn: boolean;
}

interface Span {
  readonly from: number;
  to: number;
}

/** One conversation and all that concerns the reader in it. */
export class DeviceConversation {
  readonly conv: ConversationName;
  readonly events: Logged[] = [];
  /** His memberships; a chat is one. */
  readonly spans: Span[] = [];
  readonly acked = new Set<number>();
  mark = 0;
  interest: Interest = 'full';
  /** Counts changes of the interest. */
  epoch = 0;

  constructor(conv: ConversationName) {
    this.conv = conv;
    if (groupOf(conv) === undefined) this.spans.push({ from: 1, to: Infinity });
  }

  get isGroup(): boolean {
    return groupOf(this.conv) !== undefined;
  }

  get isMember(): boolean {
    return this.spans.at(-1)?.to === Infinity;
  }

  /** Where he is out of a group that he wanted nothing of, its last event for him: no page has it, or what is before. */
  get withheldTo(): number {
    return this.interest !== 'muted' || this.isMember ? 0 : (this.spans.at(-1)?.to ?? 0);
  }

  /** The events that this device is to get, of whichever kind. */
  get his(): readonly Logged[] {
    return this.events.filter(
      ({ seq, isOwn }) => !isOwn && this.spans.some(({ from, to }) => seq >= from && seq <= to),
    );
  }

  enter(seq: number): void {
    if (this.spans.length === 0) this.mark = seq - 1;
    this.spans.push({ from: seq, to: Infinity });
    this.want('full');
  }

  leave(seq: number): void {
    const span = this.spans.at(-1);
    if (span !== undefined) span.to = seq;
  }

  want(interest: Interest): void {
    this.interest = interest;
    this.epoch++;
  }

  /** As far as everything that is for this device was received. */
  walk(): void {
    const stop = this.his.find(({ seq }) => seq > this.mark && !this.acked.has(seq));
    this.mark = Math.max(this.mark, stop === undefined ? this.events.length : stop.seq - 1);
  }

  /** After `passed`, as the store gives a page of it: `isNamed`, of it alone. */
  missed(passed: number, isNamed: boolean): readonly Logged[] {
    const after = Math.max(passed, this.mark);
    const missed = this.his.filter(({ seq }) => seq > after);
    if (!this.isGroup || this.interest !== 'muted') return missed;
    const endSeq = this.isMember ? 0 : this.spans.at(-1)?.to;
    return isNamed ? missed.filter(({ seq }) => seq === endSeq) : [];
  }
}

export class DeviceLog implements OldSdkStore {
  readonly all = new Map<ConversationName, DeviceConversation>();
  readonly byMid = new Map<number, Logged>();
  /** So many of the next reads fail. */
  failures = 0;
  readonly #turns: readonly [number, number];
  #received: PushedMessage[] = [];

  /** Turns of the loop before a read sees something, and until its answer comes. */
  constructor(turns: readonly [number, number]) {
    this.#turns = turns;
  }

  of(conv: ConversationName): DeviceConversation {
    const conversation = this.all.get(conv) ?? new DeviceConversation(conv);
    this.all.set(conv, conversation);
    return conversation;
  }

  say(conv: ConversationName, peer: Uid, origin: Origin, kind: EventKind = EVENT_KIND.message): Logged {
    return this.#append(conv, peer, origin, kind, 'w'.repeat(600));
  }

  note(conv: ConversationName, peer: Uid, origin: Origin, notice: GroupNotice): Logged {
    const conversation = this.of(conv);
    const event = this.#append(conv, peer, origin, EVENT_KIND.notice, noticeContent(notice));
    const { added, removed } = membersChanged(notice);
    if (added.includes(READER)) conversation.enter(event.seq);
    if (removed === 'everybody' || removed.includes(READER)) conversation.leave(event.seq);
    return event;
  }

  /** On its way to be written. */
  received(messages: readonly PushedMessage[]): void {
    this.#received.push(...messages);
  }

  write(): void {
    for (const { conv, seq } of this.#received) this.of(conv).acked.add(seq);
    for (const conv of new Set(this.#received.map((one) => one.conv))) this.of(conv).walk();
    this.#received = [];
  }

  async written(): Promise<void> {
    await turns(1);
    this.write();
  }

  async offlinePage(...[, , passed, limits, only]: Parameters<OldSdkStore['offlinePage']>) {
    return this.#read(() => {
      const asked = [...this.all.values()].filter(
        (one) => only === undefined || one.conv === only || (only === 'groups' && one.isGroup),
      );
      const missed = asked.flatMap((one) => one.missed(passed.get(one.conv) ?? 0, one.conv === only));
      return missed.sort((one, other) => one.mid - other.mid).slice(0, limits.count);
    });
  }

  async range(...[, conv, from, to, limits]: Parameters<OldSdkStore['range']>) {
    return this.#read(() => pageOf(conv, this.of(conv).his, { from, to, count: limits.count }));
  }

  async logOf(...[conv, from, to, limits]: Parameters<MessageStore['logOf']>) {
    return this.#read(() => pageOf(conv, this.of(conv).events, { from, to, count: limits.count }));
  }

  async sentBetween(...[conv, sender, from, to]: Parameters<OldSdkStore['sentBetween']>) {
    return this.#read(() =>
      this.of(conv).events.filter((e) => e.from === sender && e.seq >= from && e.seq <= to),
    );
  }

  async conversations(...[, , , name]: Parameters<OldSdkStore['conversations']>) {
    return this.#read(() => {
      const { conv, mark, isMember } = this.of(known(toConversation(name)));
      const [seq, deviceSeq] = [known(toSeq(1)), known(toSeq(mark))];
      const marks = {
        deviceSeq,
        deliveredSeq: deviceSeq,
        readSeq: seq,
        peerDeliveredSeq: seq,
        peerReadSeq: seq,
      };
      const rest = { peer: READER, lastMid: 0, lastAtMs: 0, createdAtMs: 0, unread: 0, mentions: 0 };
      return [{ conv, firstSeq: seq, lastSeq: seq, ...marks, ...rest, isMember, settings: DEFAULT_SETTINGS }];
    });
  }

  async memberships(): Promise<MembershipPage> {
    return this.#read(() => {
      const groups = [...this.all.values()].flatMap((one) => {
        const gid = groupOf(one.conv);
        return gid === undefined ? [] : [{ one, gid }];
      });
      return {
        memberships: groups.flatMap(({ one: { isMember, spans, interest }, gid }) =>
          isMember ? [{ uid: READER, gid, joinedSeq: known(toSeq(spans.at(-1)?.from)), interest }] : [],
        ),
        lastSeqs: groups.map(({ one, gid }) => ({ gid, lastSeq: known(toSeq(one.events.length)) })),
      };
    });
  }

  #append(conv: ConversationName, peer: Uid, origin: Origin, kind: EventKind, content: string): Logged {
    const { events } = this.of(conv);
    const [seq, mid] = [known(toSeq(events.length + 1)), known(toMid(this.byMid.size + 1))];
    const gid = groupOf(conv);
    const from = origin === 'peer' ? peer : READER;
    const to: Uid | Gid = gid ?? (origin === 'peer' ? READER : known(chatPeer(conv, READER)));
    const type = kind === EVENT_KIND.notice ? NOTICE_TYPE : 1;
    const event: Logged = {
      ...{ kind, conv, seq, mid, clientId: `c${mid}`, from, to, type, content },
      ...{ sentAtMs: 1, storedAtMs: mid, status: 0, isOwn: origin === 'device' },
    };
    events.push(event);
    this.byMid.set(mid, event);
    return event;
  }

  async #read<Answer>(answer: () => Answer): Promise<Answer> {
    await turns(this.#turns[0]);
    const seen = answer();
    await turns(this.#turns[1]);
    if (this.failures === 0) return seen;
    this.failures--;
    throw imError('STORE_UNAVAILABLE');
  }
}

function pageOf(
  conv: ConversationName,
  log: readonly Logged[],
  { from, to, count }: { readonly from: Seq; readonly to: Seq; readonly count: number },
) {
  const all = log.filter(({ seq }) => seq >= from && seq <= to);
  const events = all.slice(0, count);
  const more = events.length < all.length;
  const last = more ? known(events.at(-1)).seq : Math.min(to, known(log.at(-1)).seq);
  return { conv, from, to: known(toSeq(last)), events, more, floor: known(toSeq(1)) };
}

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
