/**
 * The groups of users who are signing in: read for many of them in one call. What happens to their memberships
 * between the read and the moment when they have their places is kept here and applied over it.
 *
 *   begin ─► read (a snapshot) ─► places and answer, in one turn ─► end
 *      └──── membersChanged, heard: kept ────┘
 */
import { Gather } from '../../../pkg/queue/gather.js';
import type { Gid, Seq, Uid } from '../../message/ids.js';
import type { Interest } from '../../message/settings.js';
import type { GroupStore, Membership } from '../../store/group_interface.js';
import type { MemberChange } from './group_event.js';
import type { GroupOptions } from './group_options.js';

export interface UserGroups {
  readonly memberships: readonly Membership[];
  /** Of the snapshot; also of groups of others. */
  readonly lastSeqs: ReadonlyMap<Gid, Seq>;
}

/** What happened to his membership in a group; later ones may come before earlier ones. */
export interface KeptChange {
  readonly seq: number;
  readonly isMember: boolean;
}

/** What he said that he wants. */
interface Wanted {
  readonly interest: Interest;
  /** The last joining that was kept by then: who comes back wants everything, whatever he wanted before. */
  readonly joinedSeq: number;
}

/** One sign-in that is under way. */
export interface Joining {
  readonly uid: Uid;
  readonly changes: Map<Gid, KeptChange[]>;
  readonly interests: Map<Gid, Wanted>;
  /** Something of it could not be kept: his groups must be read again. */
  isStale: boolean;
}

/** Where he is a member by what was read, or came in meanwhile: with a seq that he has not been told of. */
export function placesOf(
  { memberships, lastSeqs }: UserGroups,
  { changes }: Pick<Joining, 'changes'>,
): ReadonlyMap<Gid, number> {
  const places = new Map<Gid, number>();
  for (const [gid, kept] of changes) for (const { seq, isMember } of kept) if (isMember) places.set(gid, seq);
  for (const { gid, joinedSeq } of memberships) places.set(gid, lastSeqs.get(gid) ?? joinedSeq);
  return places;
}

/** What he wants now of a group of which `lastSeq` and `interest` were read. */
export function interestOf(
  { changes, interests }: Joining,
  gid: Gid,
  { lastSeq, interest }: { readonly lastSeq: number; readonly interest: Interest },
): Interest {
  const wanted = interests.get(gid);
  const joinedSeq = lastJoining(changes.get(gid));
  if (joinedSeq <= lastSeq) return wanted?.interest ?? interest;
  return wanted === undefined || wanted.joinedSeq < joinedSeq ? 'full' : wanted.interest;
}

function lastJoining(kept: readonly KeptChange[] = []): number {
  return kept.reduce((last, { seq, isMember }) => (isMember ? Math.max(seq, last) : last), 0);
}

/** Users in one call of the store. */
const USERS_PER_READ = 1000;
const NONE: UserGroups = { memberships: [], lastSeqs: new Map() };

export class SignInGroups {
  readonly #limit: number;
  readonly #store: Pick<GroupStore, 'memberships'>;
  readonly #gather: Gather<Joining, UserGroups>;
  readonly #joining = new Set<Joining>();
  readonly #byUid = new Map<Uid, Joining[]>();
  /** The last event of groups that nobody here was a member of when it came. */
  readonly #heard = new Map<Gid, number>();
  /** Up to where groups went that nobody here is a member of any more. */
  readonly #ended = new Map<Gid, number>();
  #keptCount = 0;

  constructor(
    { groupSignInEvents }: Pick<GroupOptions, 'groupSignInEvents'>,
    store: Pick<GroupStore, 'memberships'>,
  ) {
    this.#limit = groupSignInEvents;
    this.#store = store;
    this.#gather = new Gather((joinings) => this.#ask(joinings), USERS_PER_READ);
  }

  get count(): number {
    return this.#joining.size;
  }

  begin(uid: Uid): Joining {
    const joining: Joining = { uid, changes: new Map(), interests: new Map(), isStale: false };
    this.#joining.add(joining);
    const others = this.#byUid.get(uid);
    if (others === undefined) this.#byUid.set(uid, [joining]);
    else others.push(joining);
    return joining;
  }

  /** In every case, once. */
  end(joining: Joining): void {
    if (!this.#joining.delete(joining)) return;
    for (const changes of joining.changes.values()) this.#keptCount -= changes.length;
    const others = this.#byUid.get(joining.uid)?.filter((other) => other !== joining) ?? [];
    if (others.length > 0) this.#byUid.set(joining.uid, others);
    else this.#byUid.delete(joining.uid);
    // Whoever begins from now on reads what is newer.
    if (this.#joining.size > 0) return;
    this.#heard.clear();
    this.#ended.clear();
  }

  /**
   * Rejects where the store does not answer. What is read is worth nothing where `joining` is stale afterwards. What
   * was kept before is in what will be read.
   */
  read(joining: Joining): Promise<UserGroups> {
    joining.isStale = false;
    for (const changes of joining.changes.values()) this.#keptCount -= changes.length;
    joining.changes.clear();
    return this.#gather.ask(joining);
  }

  /** A notice of a group was applied, or passed by because nobody here is in the group. */
  membersChanged(gid: Gid, seq: number, { added, removed }: MemberChange): void {
    if (this.#joining.size === 0) return;
    for (const uid of added) this.#keep(gid, uid, { seq, isMember: true });
    const gone = removed === 'everybody' ? [...this.#byUid.keys()] : removed;
    for (const uid of gone) this.#keep(gid, uid, { seq, isMember: false });
  }

  /** They came in by an event that is old: whether they still are members only a new read knows. */
  cameLate(uids: readonly Uid[]): void {
    for (const uid of uids) for (const joining of this.#byUid.get(uid) ?? []) joining.isStale = true;
  }

  interestChanged(uid: Uid, gid: Gid, interest: Interest): void {
    for (const { changes, interests } of this.#byUid.get(uid) ?? [])
      interests.set(gid, { interest, joinedSeq: lastJoining(changes.get(gid)) });
  }

  /** There was an event in a group that nobody here is a member of yet. */
  heard(gid: Gid, seq: number): void {
    if (this.#joining.size === 0) return;
    if (seq <= (this.#heard.get(gid) ?? 0)) return;
    this.#heard.set(gid, seq);
    if (this.#heard.size > this.#limit) this.#forget();
  }

  /** Its last connections have gone, and were given everything up to `seq`. */
  ended(gid: Gid, seq: number): void {
    if (this.#joining.size === 0) return;
    this.#ended.set(gid, Math.max(seq, this.endedSeq(gid)));
    if (this.#ended.size > this.#limit) this.#forget();
  }

  endedSeq(gid: Gid): number {
    return this.#ended.get(gid) ?? 0;
  }

  heardSeq(gid: Gid): number {
    return this.#heard.get(gid) ?? 0;
  }

  #keep(gid: Gid, uid: Uid, change: KeptChange): void {
    for (const { changes } of this.#byUid.get(uid) ?? []) {
      const kept = changes.get(gid);
      if (kept === undefined) changes.set(gid, [change]);
      else kept.push(change);
      this.#keptCount++;
    }
    if (this.#keptCount > this.#limit) this.#forget();
  }

  /** Too much to be kept: everybody who is signing in reads again, after all of this. */
  #forget(): void {
    this.#heard.clear();
    this.#ended.clear();
    this.#keptCount = 0;
    for (const joining of this.#joining) {
      joining.changes.clear();
      joining.isStale = true;
    }
  }

  async #ask(joinings: readonly Joining[]): Promise<readonly UserGroups[]> {
    // What they wanted before is in what is read now, unless they went and came back since.
    for (const { interests } of joinings) interests.clear();
    const uids = joinings.map(({ uid }) => uid);
    const { memberships, lastSeqs } = await this.#store.memberships([...new Set(uids)]);
    if (memberships.length === 0) return uids.map(() => NONE);
    const byGid = new Map(lastSeqs.map(({ gid, lastSeq }) => [gid, lastSeq]));
    const byUid = new Map<Uid, Membership[]>();
    for (const membership of memberships) {
      const own = byUid.get(membership.uid);
      if (own === undefined) byUid.set(membership.uid, [membership]);
      else own.push(membership);
    }
    return uids.map((uid) => {
      const own = byUid.get(uid);
      return own === undefined ? NONE : { memberships: own, lastSeqs: byGid };
    });
  }
}
