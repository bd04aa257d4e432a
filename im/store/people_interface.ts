/** The ports of accounts and contacts: see interface.ts for what all ports of the store have in common. */
import type { Device, Uid } from '../message/ids.js';
import type { RelationList } from './interface.js';

export interface User {
  readonly uid: Uid;
  readonly account: string;
  readonly nickname: string;
  readonly avatar: string;
  readonly email: string;
  /** Closed by the operator: no sign-in, no message from or to it. */
  readonly isBanned: boolean;
  /** Whoever wants him as a contact asks first. */
  readonly approval: boolean;
  /** Messages of strangers are refused, and whoever wants him as a contact asks first. */
  readonly contactsOnly: boolean;
  /** Nobody is told whether he is connected, nor when he was. */
  readonly privatePresence: boolean;
}

/** What a user may change of himself; absent: stays. */
export interface ProfileChange {
  readonly nickname?: string;
  readonly avatar?: string;
  readonly approval?: boolean;
  readonly contactsOnly?: boolean;
  readonly privatePresence?: boolean;
}

export interface NewUser {
  readonly account: string;
  readonly nickname: string;
  readonly avatar: string;
  /** '' where there is none. */
  readonly email: string;
  /** argon2id in PHC form; '' for an account that no password opens. */
  readonly passwordHash: string;
}

/** A token of (uid, device) is good while its version is `version` (0: none was ever issued). */
export interface TokenVersion {
  readonly uid: Uid;
  readonly device: Device;
  readonly version: number;
}

export interface UserStore {
  /** One entry per user: the new row, or undefined where the account or e-mail is taken (also within the batch). */
  create(users: readonly NewUser[]): Promise<readonly (User | undefined)[]>;
  /** Unknown uids are absent. */
  byUids(uids: readonly Uid[]): Promise<readonly User[]>;
  /** By account or e-mail, compared without regard to the case of ASCII letters. */
  byAccount(accountOrEmail: string): Promise<(User & { readonly passwordHash: string }) | undefined>;
  passwordHash(uid: Uid): Promise<string | undefined>;
  /** Sets the hash and raises the version of every device of the uid, in one transaction; the raised versions. */
  changePassword(uid: Uid, passwordHash: string): Promise<readonly TokenVersion[]>;
  /** The address becomes his name for signing in too, and the one before nobody's; '' for none. */
  changeEmail(uid: Uid, email: string): Promise<EmailChanged>;
  /** The new row; undefined for an unknown uid. */
  update(uid: Uid, change: ProfileChange): Promise<User | undefined>;
  /** Nicknames, and accounts without `@`, that begin with `prefix` (ASCII letters folded), by uid after `afterUid`. Nobody banned. */
  search(prefix: string, afterUid: number, limit: number): Promise<readonly User[]>;
  /** Sets or lifts the ban; a ban raises every token version of the uid: those. Undefined for an unknown uid. */
  ban(uid: Uid, on: boolean): Promise<readonly TokenVersion[] | undefined>;
  /** Raises each version by one and returns the new ones; the first of a pair is above every one before a restore. */
  issueTokens(pairs: readonly { uid: Uid; device: Device }[]): Promise<readonly TokenVersion[]>;
  /** Raises the version above `version` if it is exactly that; false where it was another already. */
  revokeToken(token: TokenVersion): Promise<boolean>;
  /** The current versions of those pairs, in their order; of somebody banned, higher than any token's. */
  tokenVersions(pairs: readonly { uid: Uid; device: Device }[]): Promise<readonly TokenVersion[]>;
}

/** `taken`: somebody signs in by it. */
export type EmailChanged = 'changed' | 'taken' | 'unknown';

export interface Contact {
  readonly peer: User;
  readonly remark: string;
}

/** Somebody who asked to become a contact and has had no answer. */
export interface ContactRequest {
  readonly from: User;
  readonly comment: string;
  readonly askedAtMs: number;
}

export type ContactAdded = 'added' | 'asked' | 'self' | 'unknown' | 'exists' | 'blocked' | 'full';
export type RequestAnswered = 'added' | 'denied' | 'exists' | 'none' | 'blocked' | 'full';

export interface ContactStore {
  list(uid: Uid): Promise<readonly Contact[]>;
  /**
   * Makes both contacts of each other and their conversation, in one transaction; `remark` is the caller's.
   * 'self' and 'unknown' write nothing; 'exists': the peer is one already; 'full': one of the two has 5,000;
   * 'blocked': one of them is on the other's black list; 'asked': the peer wants to be asked, and only a request is
   * kept, with `remark` as its comment.
   */
  add(uid: Uid, peer: Uid, remark: string): Promise<ContactAdded>;
  /** Requests to `uid`, oldest first: at most 1,000, a later one replaces the oldest; the black list drops its people's. */
  requests(uid: Uid): Promise<readonly ContactRequest[]>;
  /** Answers the request of `from` to `uid`; agreeing makes both contacts and their conversation. */
  answerRequest(uid: Uid, from: Uid, yes: boolean): Promise<RequestAnswered>;
  /** False where `peer` is no contact of `uid`. */
  setRemark(uid: Uid, peer: Uid, remark: string): Promise<boolean>;
  /** Both stop being contacts of each other; their conversation stays. Those that were contacts. */
  remove(uid: Uid, peers: readonly Uid[]): Promise<readonly Uid[]>;
  /**
   * Those of `peers`, known or not, who are not `uid`, his contacts, on his lists, asking him, or in a conversation that
   * he has; the group of everybody is none of these.
   */
  strangers(uid: Uid, peers: readonly Uid[]): Promise<readonly Uid[]>;
  /** Who is on `uid`'s list; changed by the `relation` change of an append. */
  related(uid: Uid, list: RelationList): Promise<readonly User[]>;
}

/** When a user was last connected; somebody who never was has none. */
export interface PresenceStore {
  /** Raises, never lowers. Unknown uids are ignored. */
  saw(times: readonly LastSeen[]): Promise<void>;
  /** Those that were ever seen. */
  lastSeen(uids: readonly Uid[]): Promise<readonly LastSeen[]>;
}

export interface LastSeen {
  readonly uid: Uid;
  readonly atMs: number;
}
