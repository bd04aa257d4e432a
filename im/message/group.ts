/** What a group and its members are, for every room. Plain data. */
import { GID_START, known, toGid, type Gid, type Seq, type Uid } from './ids.js';

/** The numbers are those of the GlideIM protocol (a member's `Type`). */
export const GROUP_ROLE = { owner: 1, admin: 2, member: 3 } as const;
export type GroupRole = (typeof GROUP_ROLE)[keyof typeof GROUP_ROLE];

/** `open`: whoever wants to. `approval`: an admin agrees. `invite`: with an invite link, or brought by an admin. */
export const JOIN_MODES = ['open', 'approval', 'invite'] as const;
export type JoinMode = (typeof JOIN_MODES)[number];

export interface Group {
  readonly gid: Gid;
  readonly name: string;
  readonly avatar: string;
  readonly announcement: string;
  /** 0: nobody (the group of everybody). */
  readonly owner: Uid | 0;
  readonly joinMode: JoinMode;
  /** Whoever joins may read what was said before. */
  readonly openHistory: boolean;
  /** Only owner and admins may write. */
  readonly isMuted: boolean;
  readonly isDissolved: boolean;
  readonly memberCount: number;
  readonly memberLimit: number;
  readonly createdAtMs: number;
  readonly lastSeq: Seq;
  readonly lastMid: number;
  readonly lastAtMs: number;
}

export interface GroupMember {
  readonly uid: Uid;
  readonly role: GroupRole;
  /** What he is called here; '' where nothing was said. */
  readonly alias: string;
  /** He may not write until then, ms since 1970; 0: he may. */
  readonly mutedUntilMs: number;
  /** The event by which he came in. */
  readonly joinedSeq: Seq;
  readonly joinedAtMs: number;
}

/** What may be changed of a group itself; absent: stays. */
export interface GroupProfile {
  readonly name?: string;
  readonly avatar?: string;
  readonly announcement?: string;
  readonly joinMode?: JoinMode;
  readonly openHistory?: boolean;
}

/** «For ever», where a member is muted: year 9999. */
export const MUTED_FOR_EVER_MS = 253_402_300_799_000;

/** Members above which events about members go only to those concerned, and only reading is marked, not receiving. */
export const LARGE_GROUP = { memberNotices: 500, deliveredMarks: 200 } as const;

/** The group of everybody who wants to, which older web clients address by its name; it has no owner. */
export const WORLD_GID: Gid = known(toGid(GID_START));
export const WORLD_NAME = 'the_world_channel';
