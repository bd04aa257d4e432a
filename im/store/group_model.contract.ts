/**
 * What a group is, said a second time and as simply as possible: the whole state in memory, users by their numbers in
 * the scene, each deed a few lines. Knows neither the store nor im/group/permissions.ts.
 */
import type { JoinMode } from '../message/group.js';
import type { JoinedHow } from '../message/notice.js';

interface AgainstOne {
  readonly do: 'ban' | 'mute';
  readonly user: number;
  readonly on: boolean;
}

/** A deed with users by number. Times are either long past (0) or far ahead. */
export type ModelDeed =
  | { readonly do: 'say' }
  | { readonly do: 'add'; readonly users: readonly number[]; readonly how: JoinedHow; readonly code: string }
  | { readonly do: 'ask' | 'exit' | 'dissolve' }
  | { readonly do: 'deny'; readonly user: number }
  | { readonly do: 'owner'; readonly user: number }
  | { readonly do: 'remove'; readonly users: readonly number[] }
  | AgainstOne
  | { readonly do: 'role'; readonly user: number; readonly role: 2 | 3 }
  | { readonly do: 'muteAll'; readonly on: boolean }
  | { readonly do: 'profile'; readonly joinMode: JoinMode; readonly openHistory: boolean }
  | { readonly do: 'alias'; readonly user: number; readonly alias: string }
  | { readonly do: 'link'; readonly code: string; readonly uses: number }
  | { readonly do: 'unlink'; readonly code: string };

type Of<Name extends ModelDeed['do']> = Extract<Exclude<ModelDeed, AgainstOne>, { readonly do: Name }>;

interface Person {
  role: 1 | 2 | 3;
  alias: string;
  isMuted: boolean;
  joinedSeq: number;
}

interface Interval {
  readonly from: number;
  to: number;
}

export interface ModelRules {
  readonly memberLimit: number;
  /** Who is in as many groups as he may be. */
  readonly busy: ReadonlySet<number>;
  /** [who, whom] he does not want to be brought anywhere by. */
  readonly blocks: readonly (readonly [number, number])[];
  /** Who may write to contacts only. */
  readonly reserved: ReadonlySet<number>;
  /** [who, whom] he counts as a contact. */
  readonly friends: readonly (readonly [number, number])[];
}

const NOT_MEMBER = 4;

export class GroupModel {
  readonly people = new Map<number, Person>();
  readonly bans = new Set<number>();
  /** In the order in which they asked. */
  readonly asking = new Set<number>();
  readonly links = new Map<string, number>();
  /** Who has gone by himself, and did not come back. */
  readonly gone = new Set<number>();
  readonly intervals = new Map<number, Interval[]>();
  joinMode: JoinMode = 'open';
  openHistory = false;
  isMuted = false;
  isDissolved = false;
  lastSeq = 0;
  readonly #rules: ModelRules;

  constructor(rules: ModelRules, owner: number, others: readonly number[]) {
    this.#rules = rules;
    this.lastSeq = 1;
    this.#come([owner], 1);
    this.#come(others, 3);
  }

  /** What the store has to answer. */
  do(by: number, deed: ModelDeed): string {
    if (this.isDissolved) return 'GROUP_DISSOLVED';
    const rank = this.#rank(by);
    switch (deed.do) {
      case 'say':
        return this.#say(by, rank);
      case 'add':
        return this.#add(by, rank, deed);
      case 'ask':
        if (rank !== NOT_MEMBER) return 'ALREADY_MEMBER';
        if (this.bans.has(by)) return 'GROUP_BANNED';
        if (this.joinMode === 'invite') return 'JOIN_NEEDS_INVITE';
        this.asking.delete(by);
        this.asking.add(by);
        return 'changed';
      case 'exit':
        if (rank === 1) return 'OWNER_MUST_STAY';
        return rank === NOT_MEMBER ? 'NOT_A_MEMBER' : this.#tell(() => this.#exit(by));
      case 'dissolve':
        return rank === 1 ? this.#tell(() => this.#dissolve()) : this.#no(rank);
      case 'remove':
        return this.#remove(rank, deed.users);
      case 'owner':
      case 'role':
      case 'alias':
        return this.#toOne(by, rank, deed);
      case 'ban':
      case 'mute':
        return this.#against(by, rank, deed);
      default:
        return rank > 2 ? this.#no(rank) : this.#byAdmin(deed);
    }
  }

  #say(by: number, rank: number): string {
    if (rank === NOT_MEMBER) return 'NOT_A_MEMBER';
    if (this.isMuted && rank > 2) return 'GROUP_MUTED';
    if (this.people.get(by)?.isMuted === true && rank > 1) return 'MEMBER_MUTED';
    return this.#tell(() => undefined);
  }

  #add(by: number, rank: number, { users, how, code }: Of<'add'>): string {
    if ((how === 'open' || how === 'link') && (users.length !== 1 || users[0] !== by))
      return 'INVALID_PARAMETER';
    const isInviting = how === 'invited' && rank === 3 && this.joinMode === 'open';
    if ((how === 'approved' || how === 'invited') && rank > 2 && !isInviting) return this.#no(rank);
    const verdicts = users.map((user) => this.#comes(by, user, how));
    const coming = users.filter((_, index) => verdicts[index] === undefined);
    if (coming.length === 0) return verdicts.find((verdict) => verdict !== undefined) ?? 'INVALID_PARAMETER';
    const uses = this.links.get(code) ?? -1;
    if (how === 'link' && uses < 0) return 'WRONG_INVITE';
    if (this.people.size + coming.length > this.#rules.memberLimit) return 'GROUP_FULL';
    if (how === 'link' && uses > 0) this.links.set(code, uses === 1 ? -1 : uses - 1);
    return this.#tell(() => this.#come(coming, 3));
  }

  #comes(by: number, user: number, how: JoinedHow): string | undefined {
    if (this.people.has(user)) return 'ALREADY_MEMBER';
    if (this.bans.has(user)) return 'GROUP_BANNED';
    if (how === 'open' && this.joinMode === 'approval') return 'JOIN_NEEDS_APPROVAL';
    if (how === 'open' && this.joinMode === 'invite') return 'JOIN_NEEDS_INVITE';
    if (how === 'approved' && !this.asking.has(user)) return 'NO_SUCH_REQUEST';
    const unwilling = how === 'invited' ? this.#unwilling(by, user) : undefined;
    if (unwilling !== undefined) return unwilling;
    return this.#rules.busy.has(user) ? 'TOO_MANY_GROUPS' : undefined;
  }

  #unwilling(by: number, user: number): string | undefined {
    const has = (pairs: ModelRules['blocks']): boolean =>
      pairs.some(([who, whom]) => who === user && whom === by);
    const isFriend = has(this.#rules.friends);
    if (user !== by && has(this.#rules.blocks)) return 'BLOCKED';
    if (user !== by && this.#rules.reserved.has(user) && !isFriend) return 'CONTACTS_ONLY';
    return this.gone.has(user) && !isFriend ? 'LEFT_LATELY' : undefined;
  }

  #remove(rank: number, users: readonly number[]): string {
    if (rank > 2) return this.#no(rank);
    const going = users.filter((user) => this.people.has(user));
    if (going.length === 0) return 'NOT_A_MEMBER';
    if (going.some((user) => this.#rank(user) <= rank)) return 'NO_PERMISSION';
    return this.#tell(() => this.#go(going));
  }

  #toOne(by: number, rank: number, deed: Of<'owner' | 'role' | 'alias'>): string {
    const person = this.people.get(deed.user);
    const isSelf = by === deed.user;
    if (deed.do === 'owner' && isSelf && rank === 1) return 'changed';
    if (rank === NOT_MEMBER) return 'NOT_A_MEMBER';
    if (deed.do === 'alias') {
      const may = isSelf || (rank <= 2 && this.#rank(deed.user) > rank);
      if (!may) return 'NO_PERMISSION';
      if (isSelf && this.isMuted && rank > 2) return 'GROUP_MUTED';
      if (isSelf && person?.isMuted === true && rank > 1) return 'MEMBER_MUTED';
    } else if (rank > 1 || isSelf) return 'NO_PERMISSION';
    if (person === undefined) return 'NOT_A_MEMBER';
    if (deed.do === 'alias') {
      if (person.alias === deed.alias) return 'changed';
      return this.#tell(() => (person.alias = deed.alias));
    }
    if (deed.do === 'role') {
      if (person.role === deed.role) return 'changed';
      return this.#tell(() => (person.role = deed.role));
    }
    return this.#tell(() => {
      for (const other of this.people.values()) if (other.role === 1) other.role = 3;
      person.role = 1;
      person.isMuted = false;
    });
  }

  #against(by: number, rank: number, { do: what, user, on }: AgainstOne): string {
    if (rank > 2) return this.#no(rank);
    const person = this.people.get(user);
    if (what === 'ban' && !on) {
      this.bans.delete(user);
      return 'changed';
    }
    if (by === user || this.#rank(user) <= rank) return 'NO_PERMISSION';
    if (what === 'mute') {
      if (person === undefined) return 'NOT_A_MEMBER';
      if (person.isMuted === on) return 'changed';
      return this.#tell(() => (person.isMuted = on));
    }
    this.bans.add(user);
    this.asking.delete(user);
    return person === undefined ? 'changed' : this.#tell(() => this.#go([user]));
  }

  #byAdmin(deed: Of<'deny' | 'muteAll' | 'profile' | 'link' | 'unlink'>): string {
    switch (deed.do) {
      case 'deny':
        return this.asking.delete(deed.user) ? 'changed' : 'NO_SUCH_REQUEST';
      case 'muteAll':
        if (this.isMuted === deed.on) return 'changed';
        return this.#tell(() => (this.isMuted = deed.on));
      case 'profile': {
        const { joinMode, openHistory } = deed;
        if (this.joinMode === joinMode && this.openHistory === openHistory) return 'changed';
        return this.#tell(() => Object.assign(this, { joinMode, openHistory }));
      }
      case 'link':
        if (!this.links.has(deed.code)) this.links.set(deed.code, deed.uses);
        return 'changed';
      case 'unlink':
        this.links.delete(deed.code);
        return 'changed';
    }
  }

  #rank(user: number): number {
    return this.people.get(user)?.role ?? NOT_MEMBER;
  }

  #no(rank: number): string {
    return rank === NOT_MEMBER ? 'NOT_A_MEMBER' : 'NO_PERMISSION';
  }

  /** An event of the log, and then what it says. */
  #tell(change: () => unknown): string {
    this.lastSeq += 1;
    change();
    return 'stored';
  }

  #come(users: readonly number[], role: 1 | 3): void {
    for (const user of users) {
      this.people.set(user, { role, alias: '', isMuted: false, joinedSeq: this.lastSeq });
      this.asking.delete(user);
      this.gone.delete(user);
      const from = this.openHistory ? 1 : this.lastSeq;
      const intervals = this.intervals.get(user) ?? [];
      this.intervals.set(user, [...intervals, { from, to: Infinity }]);
    }
  }

  #exit(user: number): void {
    this.#go([user]);
    this.gone.add(user);
  }

  #go(users: readonly number[]): void {
    for (const user of users) {
      this.people.delete(user);
      const last = this.intervals.get(user)?.at(-1);
      if (last !== undefined) last.to = this.lastSeq;
    }
  }

  #dissolve(): void {
    this.isDissolved = true;
    this.people.clear();
    this.asking.clear();
    this.links.clear();
  }

  /** The seqs that he may read; undefined: he never had a part in it. */
  readable(user: number): readonly number[] | undefined {
    const intervals = this.intervals.get(user);
    if (intervals === undefined) return undefined;
    return Array.from({ length: this.lastSeq }, (_, index) => index + 1).filter((seq) =>
      intervals.some(({ from, to }) => from <= seq && seq <= to),
    );
  }
}
