/**
 * Which connections of this gateway are in which group, and what goes to them: the gateway's part of steps 8 and 9
 * of the way of a message to a group.
 */
import type { Logger } from '../../../pkg/log/logger.js';
import { imError } from '../../errors.js';
import { groupConversation } from '../../message/conversation.js';
import { known, toSeq, type Gid, type Uid } from '../../message/ids.js';
import type { ChatEvent } from '../../message/message.js';
import type { Interest } from '../../message/settings.js';
import type { GroupStore, Membership } from '../../store/group_interface.js';
import type { MessageStore } from '../../store/interface.js';
import type { Client } from '../client.js';
import type { ClientDirectory } from '../client_directory.js';
import type { Deliverer } from '../deliverer.js';
import type { GroupDelivery, InterestChange } from '../interface.js';
import { CountTeller } from './count_teller.js';
import { GroupChannel, type GroupChannelDeps } from './group_channel.js';
import { groupEvent, memberChange } from './group_event.js';
import type { GroupOptions, GroupStats } from './group_options.js';
import type { GroupPlace } from './group_place.js';
import { GroupPusher, type GroupPusherDeps, type Untold } from './group_pusher.js';
import { GroupTurns } from './group_turns.js';
import { HoleReader } from './hole_reader.js';
import { LateMembers } from './late_members.js';
import { PassedGroups } from './passed_groups.js';
import {
  interestOf,
  placesOf,
  SignInGroups,
  type Joining,
  type KeptChange,
  type UserGroups,
} from './sign_in_groups.js';
import { WaitingEvents } from './waiting_events.js';

export interface GroupIndexDeps {
  readonly directory: Pick<ClientDirectory, 'clientsOf'>;
  readonly deliverer: Pick<Deliverer, 'pushEvent' | 'relay' | 'pushCount'>;
  readonly oldSdks: GroupPusherDeps['oldSdks'];
  readonly send: GroupPusherDeps['send'];
  readonly messages: Pick<MessageStore, 'logOf'>;
  readonly groups: Pick<GroupStore, 'memberships'>;
  readonly logger: Logger;
}

/** Of one user's groups, until nothing is missing in between. */
const READS = 3;
const RETRY_MS = 1000;

export class GroupIndex {
  readonly #deps: GroupIndexDeps;
  readonly #channels = new Map<Gid, GroupChannel>();
  readonly #signIns: SignInGroups;
  readonly #waiting: WaitingEvents;
  readonly #holes: HoleReader;
  readonly #counts: CountTeller;
  readonly #pusher: GroupPusher;
  readonly #late: LateMembers;
  readonly #passed = new PassedGroups();
  readonly #channelDeps: GroupChannelDeps;
  #relayDropCount = 0;
  #readAgainCount = 0;

  constructor(options: GroupOptions, deps: GroupIndexDeps) {
    this.#deps = deps;
    this.#signIns = new SignInGroups(options, deps.groups);
    this.#waiting = new WaitingEvents(options);
    this.#holes = new HoleReader(options, { store: deps.messages, logger: deps.logger });
    this.#counts = new CountTeller(options, deps);
    this.#pusher = new GroupPusher({ ...deps, counts: this.#counts });
    this.#late = new LateMembers({
      ...deps,
      begin: (uid) => this.begin(uid),
      read: (joining, enter) => this.read(joining, enter),
      enter: (client, joining, groups) => this.enter(client, joining, groups),
      end: (joining) => this.end(joining),
      announce: (client, gid, seq) => this.#announce(client, gid, seq),
    });
    this.#channelDeps = {
      directory: deps.directory,
      waiting: this.#waiting,
      turns: new GroupTurns(),
      pusher: this.#pusher,
      holed: (channel) => this.#holes.holed(channel),
      membersChanged: (gid, seq, change) => this.#signIns.membersChanged(gid, seq, change),
      cameLate: (gid, uid, seq) => this.#late.add(gid, uid, seq),
      emptied: (channel) => this.#forget(channel),
    };
  }

  stats(): GroupStats {
    let slotCount = 0;
    for (const channel of this.#channels.values()) slotCount += channel.slotCount;
    return {
      channelCount: this.#channels.size,
      slotCount,
      waitingCount: this.#waiting.count,
      waitingBytes: this.#waiting.bytes,
      holeCount: this.#holes.holeCount,
      failedReadCount: this.#holes.failedReadCount,
      skippedCount: this.#pusher.skippedCount,
      relayDropCount: this.#relayDropCount,
      signingInCount: this.#signIns.count,
      readAgainCount: this.#readAgainCount,
      lateLookingCount: this.#late.lookingCount,
      lateCount: this.#late.lateCount,
      lateFailedCount: this.#late.failedCount,
    };
  }

  /** From now on what happens to the groups of this user is kept, until `end`. */
  begin(uid: Uid): Joining {
    return this.#signIns.begin(uid);
  }

  /**
   * Reads the groups of who is signing in and calls `enter` with them, in the same turn in which they were found to be
   * good. Throws where the store does not answer, and what `enter` throws: nobody is signed in without his groups.
   */
  async read(joining: Joining, enter: (groups: UserGroups) => void): Promise<void> {
    for (let reads = 0; reads < READS; reads++) {
      const groups = await this.#signIns.read(joining);
      if (this.#isGood(joining, groups)) {
        enter(groups);
        return;
      }
      this.#readAgainCount++;
    }
    throw imError('TOO_BUSY', undefined, { retryAfterMs: RETRY_MS });
  }

  /**
   * False: what happened meanwhile could not be kept; or a group here began, or ended, behind what was read or his
   * last joining: of what came between nothing passed here, or it was pushed to others and is not to be again.
   */
  #isGood({ isStale, changes }: Joining, { memberships, lastSeqs }: UserGroups): boolean {
    if (isStale) return false;
    const baseOf = (gid: Gid): number => this.#channels.get(gid)?.baseSeq ?? this.#signIns.endedSeq(gid);
    const gids = new Set<Gid>(memberships.map(({ gid }) => gid));
    if (memberships.some(({ gid }) => (lastSeqs.get(gid) ?? 0) < baseOf(gid))) return false;
    for (const [gid, kept] of changes) {
      const last = gids.has(gid) ? undefined : lastKept(kept, 0, Infinity);
      if (last?.isMember === true && last.seq <= baseOf(gid)) return false;
    }
    return true;
  }

  end(joining: Joining): void {
    this.#signIns.end(joining);
  }

  /** It is in the directory, and nothing has been awaited since its groups were read. */
  enter(client: Client, joining: Joining, groups: UserGroups): void {
    if (groups.memberships.length === 0 && joining.changes.size === 0) return;
    if (!client.isPresent) return this.#enter(client, joining, groups);
    // No answer to its first sign-in named these groups. A joining that is still on its way may have brought him into
    // them: his places there begin behind it, and it will be no news when it comes.
    const untold = [...placesOf(groups, joining)].filter(([gid]) => client.groups?.has(gid) !== true);
    this.#enter(client, joining, groups);
    this.#pusher.announceAll(
      client,
      untold.map(([gid, seq]) => this.#untold(client, gid, seq)),
    );
  }

  #enter(client: Client, joining: Joining, { memberships, lastSeqs }: UserGroups): void {
    const { changes } = joining;
    const gids = new Set<Gid>();
    for (const membership of memberships) {
      const { gid, joinedSeq } = membership;
      gids.add(gid);
      const lastSeq = lastSeqs.get(gid) ?? joinedSeq;
      const interest = interestOf(joining, gid, { lastSeq, interest: membership.interest });
      this.#enterAsRead(client, { ...membership, interest }, lastSeq, changes.get(gid));
    }
    for (const [gid, kept] of changes) {
      if (gids.has(gid)) continue;
      this.#enterAsKept(client, gid, interestOf(joining, gid, { lastSeq: 0, interest: 'full' }), kept);
    }
  }

  /** It is nobody's device any more. */
  leave(client: Client): void {
    const { groups } = client;
    if (groups === undefined) return;
    client.groups = undefined;
    for (const [gid, place] of groups) this.#channels.get(gid)?.remove(place);
  }

  deliver(deliveries: readonly GroupDelivery[]): Promise<void> {
    for (const delivery of deliveries) {
      if (delivery.kind === 'event') {
        const channel = this.#channels.get(delivery.gid) ?? this.#channelFor(delivery.gid, delivery.event);
        channel?.take(groupEvent(delivery));
      } else if (this.#channels.get(delivery.gid)?.relay(delivery) === false) this.#relayDropCount++;
    }
    return this.#waiting.room();
  }

  setInterest(changes: readonly InterestChange[]): void {
    for (const { uid, gid, interest } of changes) {
      this.#signIns.interestChanged(uid, gid, interest);
      for (const client of this.#deps.directory.clientsOf(uid)) {
        const place = client.groups?.get(gid);
        if (place !== undefined) this.#want(client, gid, place, interest);
      }
    }
  }

  #want(client: Client, gid: Gid, place: GroupPlace, interest: Interest): void {
    const before = place.interest;
    // What is still to be told of counts stays so.
    if (interest === before) return;
    place.interest = interest;
    place.untoldCount = 0;
    if (before === 'muted' || (before === 'count' && interest === 'full'))
      this.#wantsMore(client, gid, place.sinceSeq, before);
  }

  close(): void {
    this.#counts.stop();
    this.#late.stop();
    for (const channel of this.#channels.values()) channel.discard();
    this.#channels.clear();
    this.#waiting.close();
  }

  /** Nobody here was a member: it matters where somebody who is here comes in by it, or is signing in. */
  #channelFor(gid: Gid, event: ChatEvent): GroupChannel | undefined {
    const { seq } = event;
    const isLate = seq <= this.#passed.seqOf(gid);
    this.#passed.passed(gid, seq);
    this.#signIns.heard(gid, seq);
    const change = memberChange(event);
    if (change === undefined) return undefined;
    this.#signIns.membersChanged(gid, seq, change);
    if (isLate) this.#signIns.cameLate(change.added);
    const added = change.added.filter((uid) => this.#deps.directory.clientsOf(uid).length > 0);
    if (added.length === 0) return undefined;
    if (!isLate) return this.#make(gid, seq - 1, seq - 1);
    for (const uid of added) this.#late.add(gid, uid, seq);
    return undefined;
  }

  #enterAsRead(
    client: Client,
    { gid, interest }: Membership,
    lastSeq: number,
    kept: readonly KeptChange[] | undefined,
  ): void {
    const channel = this.#channels.get(gid) ?? this.#make(gid, lastSeq, this.#signIns.heardSeq(gid));
    const existing = client.groups?.get(gid);
    const { appliedSeq } = channel.order;
    // Read before word of it came.
    if (existing !== undefined) this.#want(client, gid, existing, interest);
    else if (lastKept(kept, lastSeq, appliedSeq)?.isMember !== false)
      channel.add(client, Math.max(lastSeq, appliedSeq), interest);
    channel.heard(lastSeq);
  }

  /** He came in while he was signing in. */
  #enterAsKept(client: Client, gid: Gid, interest: Interest, kept: readonly KeptChange[]): void {
    const channel = this.#channels.get(gid);
    if (channel !== undefined) {
      const { appliedSeq } = channel.order;
      if (lastKept(kept, 0, appliedSeq)?.isMember === true) channel.add(client, appliedSeq, interest);
      return;
    }
    const last = lastKept(kept, 0, Infinity);
    if (last?.isMember !== true) return;
    const made = this.#make(gid, last.seq - 1, Math.max(last.seq, this.#signIns.heardSeq(gid)));
    made.add(client, last.seq - 1, interest);
    made.goOn();
  }

  #wantsMore(client: Client, gid: Gid, sinceSeq: number, before: Interest): void {
    const seq = known(toSeq(Math.max(sinceSeq, this.#channels.get(gid)?.order.appliedSeq ?? 0)));
    this.#pusher.wantsMore({ client, conv: groupConversation(gid), interest: before }, seq);
  }

  #announce(client: Client, gid: Gid, seq: number): void {
    const { conv, interest, seq: upTo } = this.#untold(client, gid, seq);
    this.#pusher.announce({ client, conv, interest }, upTo);
  }

  #untold(client: Client, gid: Gid, seq: number): Untold {
    const place = client.groups?.get(gid);
    // Without a place he has gone again: nobody knows by which of the events that have passed.
    const passedSeq = this.#channels.get(gid)?.order.appliedSeq ?? this.#passed.seqOf(gid);
    const upTo = known(toSeq(Math.max(seq, place?.sinceSeq ?? passedSeq)));
    return { conv: groupConversation(gid), interest: place?.interest ?? 'full', seq: upTo };
  }

  #make(gid: Gid, appliedSeq: number, heardSeq: number): GroupChannel {
    const channel = new GroupChannel(gid, appliedSeq, Math.max(appliedSeq, heardSeq), this.#channelDeps);
    this.#channels.set(gid, channel);
    return channel;
  }

  #forget(channel: GroupChannel): void {
    if (this.#channels.get(channel.gid) !== channel) return;
    channel.discard();
    this.#channels.delete(channel.gid);
    const { appliedSeq, heardSeq } = channel.order;
    const seq = Math.max(appliedSeq, heardSeq);
    this.#signIns.ended(channel.gid, seq);
    this.#passed.passed(channel.gid, seq);
  }
}

/** The last in (after, to]. */
function lastKept(
  kept: readonly KeptChange[] | undefined,
  after: number,
  to: number,
): KeptChange | undefined {
  let last: KeptChange | undefined;
  for (const change of kept ?? []) {
    if (change.seq > after && change.seq <= to && change.seq >= (last?.seq ?? 0)) last = change;
  }
  return last;
}
