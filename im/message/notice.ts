/**
 * What happened to a group: the content of an event of kind `notice`, as JSON text. Who did it is the event's `from`.
 * The store writes it, from what it really changed.
 */
import { GROUP_ROLE, JOIN_MODES, type GroupProfile, type GroupRole, type JoinMode } from './group.js';
import { toCount, toUid, type Uid } from './ids.js';
import { isJsonObject, type JsonObject } from './json_fields.js';

export const JOINED_HOW = ['open', 'approved', 'link', 'invited'] as const;
export type JoinedHow = (typeof JOINED_HOW)[number];

export type GroupNotice =
  /** The first event of every group: `uids` are its first members, the owner among them. */
  | { readonly type: 'created'; readonly name: string; readonly uids: readonly Uid[] }
  | { readonly type: 'joined'; readonly uids: readonly Uid[]; readonly how: JoinedHow }
  /** By themselves. */
  | { readonly type: 'left'; readonly uids: readonly Uid[] }
  /** By an admin; `banned`: they cannot come back. */
  | { readonly type: 'removed'; readonly uids: readonly Uid[]; readonly banned: boolean }
  | { readonly type: 'role'; readonly uid: Uid; readonly role: GroupRole }
  /** `uid` is the owner now, and whoever was is a member. */
  | { readonly type: 'owner'; readonly uid: Uid }
  /** 0: he may write again. */
  | { readonly type: 'muted'; readonly uid: Uid; readonly untilMs: number }
  | { readonly type: 'mutedAll'; readonly on: boolean }
  | { readonly type: 'alias'; readonly uid: Uid; readonly alias: string }
  | { readonly type: 'profile'; readonly changed: GroupProfile }
  /** The last event: nobody is a member any more. */
  | { readonly type: 'dissolved' };

/** A type that clients see in `notify.group`, and the store keeps in the column of that name. */
export const NOTICE_TYPE = 100;

export function noticeContent(notice: GroupNotice): string {
  return JSON.stringify(notice);
}

/** Undefined where `content` is none of ours. */
export function readNotice(content: string): GroupNotice | undefined {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return undefined;
  }
  return isJsonObject(value) ? noticeOf(value) : undefined;
}

function noticeOf(value: JsonObject): GroupNotice | undefined {
  const { type, name, how, banned, on, alias } = value;
  const uids = uidsOf(value['uids']);
  const uid = toUid(value['uid']);
  switch (type) {
    case 'created':
      return uids === undefined || typeof name !== 'string' ? undefined : { type, name, uids };
    case 'joined': {
      const known = JOINED_HOW.find((one) => one === how);
      return uids === undefined || known === undefined ? undefined : { type, uids, how: known };
    }
    case 'left':
      return uids === undefined ? undefined : { type, uids };
    case 'removed':
      return uids === undefined ? undefined : { type, uids, banned: banned === true };
    case 'role': {
      const role = Object.values(GROUP_ROLE).find((one) => one === value['role']);
      return uid === undefined || role === undefined ? undefined : { type, uid, role };
    }
    case 'owner':
      return uid === undefined ? undefined : { type, uid };
    case 'muted': {
      const untilMs = toCount(value['untilMs']);
      return uid === undefined || untilMs === undefined ? undefined : { type, uid, untilMs };
    }
    case 'mutedAll':
      return { type, on: on === true };
    case 'alias':
      return uid === undefined || typeof alias !== 'string' ? undefined : { type, uid, alias };
    case 'profile':
      return isJsonObject(value['changed']) ? { type, changed: profileOf(value['changed']) } : undefined;
    case 'dissolved':
      return { type };
    default:
      return undefined;
  }
}

function uidsOf(value: unknown): readonly Uid[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const uids = value.map(toUid);
  return uids.every((uid) => uid !== undefined) ? uids : undefined;
}

function profileOf(value: JsonObject): GroupProfile {
  const { name, avatar, announcement, openHistory } = value;
  const joinMode: JoinMode | undefined = JOIN_MODES.find((mode) => mode === value['joinMode']);
  return {
    ...(typeof name === 'string' && { name }),
    ...(typeof avatar === 'string' && { avatar }),
    ...(typeof announcement === 'string' && { announcement }),
    ...(typeof openHistory === 'boolean' && { openHistory }),
    ...(joinMode !== undefined && { joinMode }),
  };
}

/** Who came in by it, and who went: what a list of members has to follow. `everybody`: all of them. */
export function membersChanged(notice: GroupNotice): {
  readonly added: readonly Uid[];
  readonly removed: readonly Uid[] | 'everybody';
} {
  switch (notice.type) {
    case 'created':
    case 'joined':
      return { added: notice.uids, removed: [] };
    case 'left':
    case 'removed':
      return { added: [], removed: notice.uids };
    case 'dissolved':
      return { added: [], removed: 'everybody' };
    default:
      return { added: [], removed: [] };
  }
}

/** Whom an event about members concerns, besides who caused it; 'everybody' where it is for all members. */
export function noticeConcerns(notice: GroupNotice): readonly Uid[] | 'everybody' {
  switch (notice.type) {
    case 'joined':
    case 'left':
    case 'removed':
      return notice.uids;
    case 'role':
    case 'muted':
    case 'alias':
      return [notice.uid];
    default:
      return 'everybody';
  }
}
