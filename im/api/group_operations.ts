/** Rows of the operation table: groups and their members. How one comes in: group_join_operations.ts. */
import { limitKeyOf } from '../../pkg/limit/address.js';
import { toGroup } from '../message/addressee.js';
import { GROUP_ROLE, type GroupProfile } from '../message/group.js';
import { toCount, toGid, toUid } from '../message/ids.js';
import {
  countWithin,
  flag,
  listOf,
  maybe,
  optional,
  required,
  text,
  toFlag,
  toText,
  WIDTHS,
} from './fields.js';
import {
  clientId,
  given,
  GROUP_GID_COUNT,
  GROUP_UID_COUNT,
  toAnnouncement,
  toJoinMode,
  toName,
  toTime,
} from './group_fields.js';
import { BAN_PAGE_COUNT, MEMBER_PAGE_COUNT, type MemberCursor } from './group_members_api.js';
import { callerOperation, type Operation } from './operation.js';

const group = { gid: required(toGroup), clientId: clientId() };
const member = { ...group, uid: required(toUid) };
const on = optional(toFlag, true);
const uids = listOf(toUid, GROUP_UID_COUNT);
const avatar = given(toText(0, WIDTHS.avatar));
const announcement = given(toAnnouncement);
const DAY_MS = 24 * 3_600_000;
const YEAR_MS = 365 * DAY_MS;

const CURSOR = /^([1-3])_([1-9][0-9]{0,9})$/;

function toCursor(value: unknown): MemberCursor | undefined {
  const [, roleText, uidText] = (typeof value === 'string' && CURSOR.exec(value)) || [];
  const uid = toUid(uidText);
  const role = Object.values(GROUP_ROLE).find((one) => one === toCount(roleText));
  return uid === undefined || role === undefined ? undefined : { role, uid };
}

const GROUPS: readonly Operation[] = [
  callerOperation({
    path: 'group/create',
    input: {
      name: required(toName),
      avatar,
      announcement,
      joinMode: maybe(toJoinMode),
      openHistory: flag(),
      uid: uids,
      clientId: clientId(),
    },
    guard: (_input, { uid }) => [{ kind: 'group', uid }],
    tellsOf: ({ uid }) => uid,
    run: (rooms, { name, uid, clientId: id, ...input }, caller) =>
      rooms.groups.create(
        {
          name,
          uids: uid,
          clientId: id,
          profile: {
            avatar: input.avatar ?? '',
            announcement: input.announcement ?? '',
            joinMode: input.joinMode ?? 'open',
            openHistory: input.openHistory,
          },
        },
        caller,
      ),
  }),
  callerOperation({
    path: 'group/info',
    answer: 'page',
    input: { gid: listOf(toGroup, GROUP_GID_COUNT) },
    chargesGroups: true,
    run: (rooms, { gid }, caller, { address }) => rooms.groups.info(gid, caller, limitKeyOf(address)),
  }),
  callerOperation({
    path: 'group/list',
    answer: 'large',
    input: {},
    run: (rooms, _input, caller) => rooms.groups.list(caller),
  }),
  callerOperation({
    path: 'group/update',
    input: {
      ...group,
      name: given(toName),
      avatar,
      announcement,
      joinMode: maybe(toJoinMode),
      openHistory: maybe(toFlag),
    },
    run: (rooms, { gid, clientId: id, ...profile }, caller) =>
      rooms.groups.update(said(profile), { gid, clientId: id }, caller),
  }),
  callerOperation({
    path: 'group/owner',
    input: member,
    run: (rooms, { uid, ...input }, caller) => rooms.groups.handOver(uid, input, caller),
  }),
  callerOperation({
    path: 'group/mute/all',
    input: { ...group, on },
    run: (rooms, { on: isOn, ...input }, caller) => rooms.groups.muteAll(isOn, input, caller),
  }),
  callerOperation({
    path: 'group/dissolve',
    input: group,
    run: (rooms, input, caller) => rooms.groups.dissolve(input, caller),
  }),
];

const MEMBERS: readonly Operation[] = [
  callerOperation({
    path: 'group/members',
    answer: 'page',
    aliases: ['api.group.member.get'],
    input: {
      gid: required(toGroup),
      after: maybe(toCursor),
      limit: maybe(countWithin(1, MEMBER_PAGE_COUNT)),
    },
    run: (rooms, input, caller) => rooms.groupMembers.members(input, caller),
  }),
  callerOperation({
    path: 'group/members/invite',
    aliases: ['api.group.member.add'],
    input: { ...group, uid: uids },
    tellsOf: ({ uid }) => uid,
    run: (rooms, { uid, ...input }, caller) => rooms.groupMembers.invite(uid, input, caller),
  }),
  callerOperation({
    path: 'group/members/remove',
    aliases: ['api.group.member.remove'],
    input: { ...group, uid: uids },
    run: (rooms, { uid, ...input }, caller) => rooms.groupMembers.remove(uid, input, caller),
  }),
  callerOperation({
    path: 'group/exit',
    input: group,
    run: (rooms, input, caller) => rooms.groupMembers.exit(input, caller),
  }),
  callerOperation({
    path: 'group/admin',
    input: { ...member, on },
    run: (rooms, { uid, on: isOn, ...input }, caller) =>
      rooms.groupMembers.setAdmin(uid, isOn, input, caller),
  }),
  callerOperation({
    path: 'group/mute',
    input: { ...member, until: given(toTime), forMs: maybe(countWithin(0, 100 * YEAR_MS)) },
    run: (rooms, { until: untilMs, ...input }, caller) =>
      rooms.groupMembers.mute({ ...input, untilMs }, caller),
  }),
  callerOperation({
    path: 'group/ban',
    input: { ...member, on },
    // All others of these tell of members only: them he may list.
    tellsOf: ({ uid }) => [uid],
    run: (rooms, { uid, on: isOn, ...input }, caller) => rooms.groupMembers.ban(uid, isOn, input, caller),
  }),
  callerOperation({
    path: 'group/unban',
    input: member,
    run: (rooms, { uid, ...input }, caller) => rooms.groupMembers.ban(uid, false, input, caller),
  }),
  callerOperation({
    path: 'group/bans',
    answer: 'page',
    input: {
      gid: required(toGid),
      after: optional(toCount, 0),
      limit: optional(countWithin(1, BAN_PAGE_COUNT), BAN_PAGE_COUNT),
    },
    run: (rooms, input, caller) => rooms.groupMembers.bans(input, caller),
  }),
  callerOperation({
    path: 'group/alias',
    input: { ...group, uid: maybe(toUid), alias: text(0, 65_536) },
    run: (rooms, { uid, alias, ...input }, caller) => rooms.groupMembers.setAlias(alias, uid, input, caller),
  }),
];

export const GROUP_OPERATIONS: readonly Operation[] = [...GROUPS, ...MEMBERS];

/** Only what the client named; everything else stays as it is. */
function said(change: {
  readonly [Key in keyof GroupProfile]: GroupProfile[Key] | undefined;
}): GroupProfile {
  const { name, avatar: picture, announcement: words, joinMode, openHistory } = change;
  return {
    ...(name !== undefined && { name }),
    ...(picture !== undefined && { avatar: picture }),
    ...(words !== undefined && { announcement: words }),
    ...(joinMode !== undefined && { joinMode }),
    ...(openHistory !== undefined && { openHistory }),
  };
}
