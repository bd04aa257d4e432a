/** Answers of the operations on groups, narrowed: rows with a bad id are left out, other fields have harmless defaults. */
import { groupConversation } from '../../im/message/conversation.js';
import { GROUP_ROLE, JOIN_MODES } from '../../im/message/group.js';
import { toGid, toUid } from '../../im/message/ids.js';
import { isJsonObject, type JsonObject } from '../../im/message/json_fields.js';
import { countOf, textOf, uidsOf } from './answers.js';
import type {
  GroupChanged,
  GroupInfo,
  GroupMember,
  GroupMemberPage,
  GroupRole,
  InvitedTo,
  InviteLink,
  Joining,
  JoinRequest,
  NewGroup,
  OwnGroup,
} from './group_types.js';

export function readGroup(row: JsonObject): GroupInfo | undefined {
  const gid = toGid(row['gid']);
  if (gid === undefined) return undefined;
  return {
    gid,
    ...readFace(row),
    isDissolved: row['isDissolved'] === true,
    announcement: textOf(row['announcement']),
    owner: toUid(row['owner']) ?? 0,
    openHistory: row['openHistory'] === true,
    isMuted: row['isMuted'] === true,
    memberLimit: countOf(row['memberLimit']),
    createdAtMs: countOf(row['createdAt']),
    lastSeq: countOf(row['lastSeq']),
  };
}

type Face = Pick<GroupInfo, 'name' | 'avatar' | 'memberCount' | 'joinMode' | 'isMember'>;

function readFace(row: JsonObject): Face {
  return {
    name: textOf(row['name']),
    avatar: textOf(row['avatar']),
    memberCount: countOf(row['memberCount']),
    joinMode: JOIN_MODES.find((mode) => mode === row['joinMode']) ?? 'invite',
    isMember: row['isMember'] === true,
  };
}

export function readOwnGroup(row: JsonObject): OwnGroup | undefined {
  const group = readGroup(row);
  if (group === undefined) return undefined;
  return {
    ...group,
    role: readRole(row['role']),
    alias: textOf(row['alias']),
    mutedUntilMs: countOf(row['mutedUntil']),
    joinedAtMs: countOf(row['joinedAt']),
  };
}

function readRole(value: unknown): GroupRole {
  return Object.values(GROUP_ROLE).find((role) => role === value) ?? GROUP_ROLE.member;
}

function readMember(row: unknown): GroupMember | undefined {
  if (!isJsonObject(row)) return undefined;
  const uid = toUid(row['uid']);
  if (uid === undefined) return undefined;
  return {
    uid,
    nickname: textOf(row['nickname']),
    avatar: textOf(row['avatar']),
    role: readRole(row['role']),
    alias: textOf(row['alias']),
    mutedUntilMs: countOf(row['mutedUntil']),
    joinedSeq: countOf(row['joinedSeq']),
    joinedAtMs: countOf(row['joinedAt']),
    online: row['online'] === true,
  };
}

export function readMemberPage(data: unknown): GroupMemberPage | undefined {
  if (!isJsonObject(data) || !Array.isArray(data['members'])) return undefined;
  const rows: readonly unknown[] = data['members'];
  return { members: rows.flatMap((row) => readMember(row) ?? []), next: textOf(data['next']) };
}

export function readNewGroup(data: unknown): NewGroup | undefined {
  const gid = isJsonObject(data) ? toGid(data['gid']) : undefined;
  if (!isJsonObject(data) || gid === undefined) return undefined;
  return { gid, conv: groupConversation(gid), uids: uidsOf(data['uid']) };
}

export function readChanged(data: unknown): GroupChanged | undefined {
  const gid = isJsonObject(data) ? toGid(data['gid']) : undefined;
  if (!isJsonObject(data) || gid === undefined) return undefined;
  return { gid, seq: countOf(data['seq']), uids: uidsOf(data['uid']) };
}

export function readJoining(data: unknown): Joining | undefined {
  const changed = readChanged(data);
  if (changed === undefined || !isJsonObject(data)) return undefined;
  const { state } = data;
  return state === 'joined' || state === 'asked' ? { ...changed, state } : undefined;
}

/** `next`: 0 where there is no more. */
export function readRequestPage(
  data: unknown,
): { requests: readonly JoinRequest[]; next: number } | undefined {
  if (!isJsonObject(data) || !Array.isArray(data['requests'])) return undefined;
  const rows: readonly unknown[] = data['requests'];
  const requests = rows.flatMap((row) => (isJsonObject(row) ? (readRequest(row) ?? []) : []));
  return { requests, next: data['more'] === true ? countOf(data['next']) : 0 };
}

function readRequest(row: JsonObject): JoinRequest | undefined {
  const [gid, uid] = [toGid(row['gid']), toUid(row['uid'])];
  if (gid === undefined || uid === undefined) return undefined;
  const [nickname, comment] = [textOf(row['nick_name'] ?? row['nickname']), textOf(row['comment'])];
  return { gid, uid, nickname, comment, askedAtMs: countOf(row['askedAt']) };
}

export function readLink(row: JsonObject): InviteLink | undefined {
  const [gid, code] = [toGid(row['gid']), textOf(row['code'])];
  if (gid === undefined || code === '') return undefined;
  const usesLeft = row['usesLeft'] === -1 ? -1 : countOf(row['usesLeft']);
  return { gid, code, by: toUid(row['by']) ?? 0, expiresAtMs: countOf(row['expiresAt']), usesLeft };
}

export function readInvitedTo(data: unknown): InvitedTo | undefined {
  const link = isJsonObject(data) ? readLink(data) : undefined;
  return link === undefined || !isJsonObject(data) ? undefined : { ...link, ...readFace(data) };
}
