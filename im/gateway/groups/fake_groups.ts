/** For tests of this room: groups with their logs as the store has them, and clients that note what they are pushed. */
import { defaultsOf } from '../../../pkg/config/option.js';
import { imError } from '../../errors.js';
import { groupConversation, groupOf, type ConversationName } from '../../message/conversation.js';
import {
  known,
  toDevice,
  toGid,
  toMid,
  toSeq,
  toUid,
  type Gid,
  type Seq,
  type Uid,
} from '../../message/ids.js';
import { EVENT_KIND, type ChatEvent, type MessageExtra } from '../../message/message.js';
import { NOTICE_TYPE, membersChanged, noticeContent, type GroupNotice } from '../../message/notice.js';
import { recallContent } from '../../message/recall.js';
import type { Interest } from '../../message/settings.js';
import type { MembershipPage } from '../../store/group_interface.js';
import type { MessageStore } from '../../store/interface.js';
import type { Client } from '../client.js';
import { ClientDirectory } from '../client_directory.js';
import { fakeClient } from '../fake_client.js';
import type { GroupDelivery } from '../interface.js';
import type { SharedFrame } from '../shared_frame.js';
import { GroupIndex } from './group_index.js';
import { GROUP_OPTIONS, type GroupOptions } from './group_options.js';

type LogPage = Awaited<ReturnType<MessageStore['logOf']>>;
type EventDelivery = Extract<GroupDelivery, { kind: 'event' }>;

interface FakeGroup {
  readonly log: ChatEvent[];
  readonly members: Map<Uid, number>;
}

const nothing = (): void => undefined;

export const gidOf = (number: number): Gid => known(toGid(2 ** 30 + number));
export const uidOf = (number: number): Uid => known(toUid(number));
const seqOf = (number: number): Seq => known(toSeq(number));

/** Reads answer what was there when they began, after a turn or more of the loop. */
export class FakeGroupStore {
  readonly groups = new Map<Gid, FakeGroup>();
  readonly interests = new Map<string, Interest>();
  logReads = 0;
  membershipReads = 0;
  /** So many of the next reads fail; `logFailures`: of those of logs. */
  failures = 0;
  logFailures = 0;
  turns = (): number => 1;

  group(gid: Gid): FakeGroup {
    let group = this.groups.get(gid);
    if (group === undefined) {
      group = { log: [], members: new Map() };
      this.groups.set(gid, group);
    }
    return group;
  }

  say(gid: Gid, from: Uid, extra?: MessageExtra): EventDelivery {
    return this.#append(gid, from, EVENT_KIND.message, 'x', extra);
  }

  recall(gid: Gid, by: Uid, { mid, clientId, seq }: ChatEvent): EventDelivery {
    return this.#append(gid, by, EVENT_KIND.recall, recallContent({ by, mid, clientId, seq }));
  }

  note(gid: Gid, from: Uid, notice: GroupNotice): EventDelivery {
    const delivery = this.#append(gid, from, EVENT_KIND.notice, noticeContent(notice));
    const { members } = this.group(gid);
    const { added, removed } = membersChanged(notice);
    for (const uid of added) {
      members.set(uid, delivery.event.seq);
      // Whoever comes back is told of everything.
      this.interests.delete(`${uid}/${gid}`);
    }
    for (const uid of removed === 'everybody' ? [...members.keys()] : removed) members.delete(uid);
    return delivery;
  }

  join(gid: Gid, ...uids: readonly Uid[]): EventDelivery {
    return this.note(gid, known(uids[0]), { type: 'joined', uids, how: 'open' });
  }

  leave(gid: Gid, ...uids: readonly Uid[]): EventDelivery {
    return this.note(gid, known(uids[0]), { type: 'left', uids });
  }

  async memberships(uids: readonly Uid[]): Promise<MembershipPage> {
    this.membershipReads++;
    const page: MembershipPage = {
      memberships: [...this.groups].flatMap(([gid, { members }]) =>
        uids.flatMap((uid) => {
          const joined = members.get(uid);
          const interest = this.interests.get(`${uid}/${gid}`) ?? 'full';
          return joined === undefined ? [] : [{ uid, gid, joinedSeq: seqOf(joined), interest }];
        }),
      ),
      lastSeqs: [...this.groups].map(([gid, { log }]) => ({ gid, lastSeq: seqOf(log.length) })),
    };
    await this.#wait();
    return page;
  }

  async logOf(...[conv, from, to, limits]: Parameters<MessageStore['logOf']>): Promise<LogPage> {
    this.logReads++;
    const { log } = this.group(known(toGid(Number(conv.slice(1)))));
    const last = Math.min(to, log.length, from + limits.count - 1);
    const events = log.slice(from - 1, last);
    await this.#wait();
    if (this.logFailures > 0) {
      this.logFailures--;
      throw imError('STORE_UNAVAILABLE');
    }
    return { conv, from, to: seqOf(last), events, more: last < to, floor: seqOf(1) };
  }

  #append(
    gid: Gid,
    from: Uid,
    kind: ChatEvent['kind'],
    content: string,
    extra?: MessageExtra,
  ): EventDelivery {
    const { log } = this.group(gid);
    const seq = seqOf(log.length + 1);
    const mid = known(toMid(gid * 1000 + seq));
    const event: ChatEvent = {
      ...{ kind, conv: groupConversation(gid), seq, mid, clientId: `c${mid}`, from, to: gid, content },
      ...{ type: kind === EVENT_KIND.notice ? NOTICE_TYPE : 1, sentAtMs: 1, storedAtMs: 1, status: 0 },
      ...(extra !== undefined && { extra }),
    };
    log.push(event);
    return { kind: 'event', gid, event, audience: 'members' };
  }

  async #wait(): Promise<void> {
    for (let turn = this.turns(); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
    if (this.failures === 0) return;
    this.failures--;
    throw imError('STORE_UNAVAILABLE');
  }
}

/** A connection with everything that it was given, in order. */
export interface Watched {
  readonly client: Client;
  readonly uid: Uid;
  readonly frames: SharedFrame['frame'][];
  /** The length of each group's log when its sign-in was answered, or it was told to fetch: what it finds by itself. */
  readonly synced: Map<Gid, number>;
  /** Where an old client is given what it lacks before the next that is pushed. */
  readonly withheld: Set<ConversationName>;
}

export class GroupScene {
  readonly store = new FakeGroupStore();
  readonly directory = new ClientDirectory();
  readonly index: GroupIndex;
  readonly watched = new Map<Client, Watched>();
  pushedInTurn = 0;
  readonly #give: (client: Client, shared: SharedFrame) => void;
  #device = 0;

  constructor(options: Partial<GroupOptions> = {}) {
    const give = (client: Client, shared: SharedFrame): void => {
      this.pushedInTurn++;
      const { frame } = shared;
      const watched = this.watched.get(client);
      watched?.frames.push(frame);
      if (frame.kind === 'push' && watched?.withheld.delete(frame.event.conv) === true)
        this.#willRead(client, frame.event.conv, frame.event.seq - 1);
    };
    this.#give = give;
    this.index = new GroupIndex(
      { ...defaultsOf(GROUP_OPTIONS), groupHoleMs: 2, groupCountMs: 10, ...options },
      {
        directory: this.directory,
        deliverer: {
          pushEvent: give,
          relay: give,
          pushCount: (client, _conv, shared) => give(client, shared),
        },
        oldSdks: {
          stored: nothing,
          // It is read for them, and no further.
          skipped: (client, conv, seq) => this.#willRead(client, conv, seq),
          withheld: (client, conv) => this.watched.get(client)?.withheld.add(conv),
        },
        send: (client, shared) => this.#send(client, shared),
        messages: this.store,
        groups: this.store,
        logger: { error: nothing, warn: nothing, info: nothing, debug: nothing },
      },
    );
  }

  /** As in sign_in_handler.ts. */
  async signIn(uid: Uid, isModern = true): Promise<Watched> {
    const { index } = this;
    const joining = index.begin(uid);
    try {
      let watched: Watched | undefined;
      await index.read(joining, (groups) => (watched = this.#enter(uid, isModern, joining, groups)));
      return known(watched);
    } finally {
      index.end(joining);
    }
  }

  /** On the same connection, with another token. */
  async signInAgain({ client, uid }: Watched): Promise<void> {
    const { index } = this;
    const joining = index.begin(uid);
    try {
      await index.read(joining, (groups) => {
        if (this.directory.clientsOf(uid).includes(client)) index.enter(client, joining, groups);
      });
    } finally {
      index.end(joining);
    }
  }

  #enter(
    uid: Uid,
    isModern: boolean,
    ...read: Parameters<GroupIndex['enter']> extends [Client, ...infer Rest] ? Rest : never
  ): Watched {
    const client = fakeClient(uid);
    client.profile = 'web';
    client.isModern = isModern;
    const device = known(toDevice(++this.#device % 1000));
    const rest = { tokenVersion: 1, tokenExpiresAtMs: Infinity, heartbeatMs: 0, answer: {} };
    this.directory.bind(client, { uid, device, ...rest }, 0);
    const synced = new Map([...this.store.groups].map(([gid, { log }]) => [gid, log.length]));
    const watched = { client, uid, frames: [], synced, withheld: new Set<ConversationName>() };
    this.watched.set(client, watched);
    this.index.enter(client, ...read);
    client.isPresent = true;
    return watched;
  }

  #send(client: Client, shared: SharedFrame): void {
    const { frame } = shared;
    const watched = this.watched.get(client);
    for (const [gid, { log }] of this.store.groups)
      if (frame.kind === 'sync' && isNamed(frame.conversations, groupConversation(gid)))
        watched?.synced.set(gid, log.length);
    this.#give(client, shared);
  }

  #willRead(client: Client, conv: ConversationName, seq: number): void {
    const gid = groupOf(conv);
    const synced = this.watched.get(client)?.synced;
    if (gid !== undefined) synced?.set(gid, Math.max(seq, synced.get(gid) ?? 0));
  }

  signOut({ client }: Watched): void {
    this.directory.unbind(client);
    this.index.leave(client);
    client.isPresent = false;
  }

  deliver(...deliveries: readonly GroupDelivery[]): Promise<void> {
    return this.index.deliver(deliveries);
  }
}

/** Nothing named: any. */
function isNamed(conversations: readonly ConversationName[], conv: ConversationName): boolean {
  return conversations.length === 0 || conversations.includes(conv);
}

/** The seqs of the events of a group that a connection was pushed, in the order of the pushes. */
export function seqsOf({ frames }: Watched, gid: Gid): readonly number[] {
  return frames.flatMap((frame) =>
    frame.kind === 'push' && frame.event.conv === groupConversation(gid) ? [frame.event.seq] : [],
  );
}

export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
