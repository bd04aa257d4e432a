/** What the operations on groups answer. Times are ms since 1970. */
import type { GroupRole, JoinMode } from '../../im/message/group.js';

export type { GroupRole, JoinMode };

export interface GroupInfo {
  readonly gid: number;
  readonly name: string;
  readonly avatar: string;
  readonly memberCount: number;
  readonly joinMode: JoinMode;
  readonly isDissolved: boolean;
  /** Of oneself. The fields below are told to members only. */
  readonly isMember: boolean;
  readonly announcement: string;
  /** 0: not told. */
  readonly owner: number;
  /** Whoever joins may read what was said before. */
  readonly openHistory: boolean;
  /** Only owner and admins may write. */
  readonly isMuted: boolean;
  readonly memberLimit: number;
  readonly createdAtMs: number;
  readonly lastSeq: number;
}

/** A group of one's own list, without its announcement, and one's own part in it. */
export interface OwnGroup extends GroupInfo {
  readonly role: GroupRole;
  readonly alias: string;
  readonly mutedUntilMs: number;
  readonly joinedAtMs: number;
}

export interface GroupMember {
  readonly uid: number;
  readonly nickname: string;
  readonly avatar: string;
  readonly role: GroupRole;
  /** What he is called here; '' where nothing was said. */
  readonly alias: string;
  /** He may not write until then; 0: he may. */
  readonly mutedUntilMs: number;
  readonly joinedSeq: number;
  readonly joinedAtMs: number;
  readonly online: boolean;
}

export interface GroupMemberPage {
  /** Owner and admins first. */
  readonly members: readonly GroupMember[];
  /** Where the next page begins; '' where this was the last. */
  readonly next: string;
}

export interface GroupDraft {
  readonly name: string;
  readonly avatar?: string;
  readonly announcement?: string;
  /** Absent: `open`. */
  readonly joinMode?: JoinMode;
  /** Absent: false. */
  readonly openHistory?: boolean;
  /** The first members besides oneself. */
  readonly uids?: readonly number[];
}

/** Absent fields stay as they are. */
export type GroupUpdate = Partial<Omit<GroupDraft, 'uids'>>;

export interface NewGroup {
  readonly gid: number;
  readonly conv: string;
  /** Who is in it, oneself included: those who could not be brought in are left out. */
  readonly uids: readonly number[];
}

/** What a change did: the place of its notice in the log, 0 where everything was so already; who came or went by it. */
export interface GroupChanged {
  readonly gid: number;
  readonly seq: number;
  readonly uids: readonly number[];
}

export interface Joining extends GroupChanged {
  /** `asked`: an admin has to agree. */
  readonly state: 'joined' | 'asked';
}

export interface JoinRequest {
  readonly gid: number;
  readonly uid: number;
  readonly nickname: string;
  readonly comment: string;
  readonly askedAtMs: number;
}

export interface InviteLink {
  readonly gid: number;
  readonly code: string;
  readonly by: number;
  /** 0: never. */
  readonly expiresAtMs: number;
  /** 0: without limit; -1: used up. */
  readonly usesLeft: number;
}

/** What a link shows to somebody who has not come in yet. */
export type InvitedTo = InviteLink &
  Pick<GroupInfo, 'name' | 'avatar' | 'memberCount' | 'joinMode' | 'isMember'>;
