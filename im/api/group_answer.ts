/** Groups, members and their messages as the API tells of them, in the casings of all clients. PascalCase times in seconds. */
import { oldClientType } from '../message/old_types.js';
import type { Group, GroupMember } from '../message/group.js';
import type { Gid, Uid } from '../message/ids.js';
import { MESSAGE_STATUS, type ChatEvent } from '../message/message.js';
import { toSeconds } from '../message/wire_time.js';
import type { User } from '../store/people_interface.js';
import { namedIn, type Changed } from './group_changes.js';

export type Answer = Readonly<Record<string, unknown>>;

/** `Flag` of a group. */
const FLAG = { living: 0, dissolved: 1 } as const;

/** To whoever is no member: what an invite shows, and nothing of what is going on inside. */
export function outsideAnswer(group: Group): Answer {
  const { gid, name, avatar, memberCount, joinMode, isDissolved } = group;
  return {
    Gid: gid,
    Name: name,
    Avatar: avatar,
    Mute: false,
    Flag: isDissolved ? FLAG.dissolved : FLAG.living,
    CreateAt: 0,
    gid,
    name,
    avatar,
    memberCount,
    joinMode,
    isDissolved,
    isMember: false,
  };
}

/** To a member. */
export function groupAnswer(group: Group): Answer {
  return { ...listedAnswer(group), announcement: group.announcement };
}

/** In a list of many, without what may be long. */
export function listedAnswer(group: Group): Answer {
  const { owner, isMuted, openHistory, memberLimit, createdAtMs, lastSeq, lastAtMs } = group;
  return {
    ...outsideAnswer(group),
    Mute: isMuted,
    CreateAt: toSeconds(createdAtMs),
    owner,
    isMuted,
    openHistory,
    memberLimit,
    createdAt: createdAtMs,
    lastSeq,
    lastAt: lastAtMs,
    isMember: true,
  };
}

/** One's own part in a group. */
export function ownPartAnswer({ role, alias, mutedUntilMs, joinedSeq, joinedAtMs }: GroupMember): Answer {
  return { role, alias, mutedUntil: mutedUntilMs, joinedSeq, joinedAt: joinedAtMs };
}

export interface MemberFacts {
  readonly user: User | undefined;
  readonly isOnline: boolean;
  readonly nowMs: number;
}

export function memberAnswer(member: GroupMember, { user, isOnline, nowMs }: MemberFacts): Answer {
  const { uid, alias, role, mutedUntilMs } = member;
  const isMuted = mutedUntilMs > nowMs;
  return {
    Uid: uid,
    RemarkName: alias,
    Type: role,
    Online: isOnline,
    Mute: isMuted,
    uid,
    ...ownPartAnswer(member),
    online: isOnline,
    muted: isMuted,
    nickname: user?.nickname ?? '',
    avatar: user?.avatar ?? '',
  };
}

/** A change; `uid`: who came in or went by it. */
export function changedAnswer(gid: Gid, { seq, notice }: Changed): Answer {
  const uid: readonly Uid[] = namedIn(notice);
  return { Gid: gid, Seq: seq, Uid: uid, gid, seq, uid, changed: seq !== 0 };
}

/** A message of a group for older clients; `recallBy`: 0 where it was not taken back, or by whom is not known. */
export function groupMessageAnswer(event: ChatEvent, recallBy: Uid | 0): Answer {
  return {
    Mid: event.mid,
    Sender: event.from,
    Gid: event.to,
    Seq: event.seq,
    Type: oldClientType(event),
    SendAt: toSeconds(event.storedAtMs),
    Content: event.content,
    Status: event.status,
    RecallBy: event.status === MESSAGE_STATUS.recalled ? recallBy : 0,
  };
}
