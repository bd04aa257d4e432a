/** Rows of the operation table: how one comes into a group, and what is said there to clients without a log. */
import { limitKeyOf } from '../../pkg/limit/address.js';
import { toGroup } from '../message/addressee.js';
import { WORLD_GID } from '../message/group.js';
import { known, toCount, toGid, toSeq, toUid } from '../message/ids.js';
import { countWithin, flag, listOf, maybe, optional, required, text, WIDTHS } from './fields.js';
import { clientId, given, GROUP_WIDTHS, toTime } from './group_fields.js';
import { GROUP_RANGE_COUNT } from './group_history_api.js';
import { REQUEST_PAGE_COUNT } from './group_requests_api.js';
import { PAGE_COUNT, PAGE_COUNT_LIMIT } from './history_api.js';
import { callerOperation, type Operation } from './operation.js';

/** Requests answered by one call: each is a write. */
const ANSWER_COUNT = 100;
const USES_LIMIT = 1_000_000;
const CENTURY_MS = 100 * 365 * 24 * 3_600_000;

const code = text(1, GROUP_WIDTHS.code);

const JOINING: readonly Operation[] = [
  callerOperation({
    path: 'group/join',
    input: {
      gid: maybe(toGroup),
      code: text(0, GROUP_WIDTHS.code),
      comment: text(0, WIDTHS.comment),
      clientId: clientId(),
    },
    guard: (input, { uid }) => (input.code === '' ? [] : [{ kind: 'lookup', uid }]),
    chargesGroups: true,
    run: async (rooms, input, caller, { address }) => {
      // Whatever comes of it tells that there is such a group, or none; and each request is shown to its admins.
      const isLookingAround = input.code === '' && input.gid !== WORLD_GID;
      if (isLookingAround) rooms.strangers.chargeGroups(caller.uid, 1, limitKeyOf(address));
      return rooms.groupRequests.join(input, caller);
    },
  }),
  callerOperation({
    path: 'group/requests',
    answer: 'page',
    input: {
      gid: required(toGid),
      after: maybe(toCount),
      limit: maybe(countWithin(1, REQUEST_PAGE_COUNT)),
    },
    run: (rooms, input, caller) => rooms.groupRequests.requests(input, caller),
  }),
  callerOperation({
    path: 'group/requests/answer',
    input: { gid: required(toGid), uid: listOf(toUid, ANSWER_COUNT), agree: flag() },
    run: (rooms, { gid, uid, agree }, caller) =>
      rooms.groupRequests.answer({ gid, uids: uid, agree }, caller),
  }),
];

const INVITES: readonly Operation[] = [
  callerOperation({
    path: 'group/invite/link',
    input: {
      gid: required(toGid),
      expiresAt: given(toTime),
      forMs: maybe(countWithin(1, CENTURY_MS)),
      uses: optional(countWithin(0, USES_LIMIT), 0),
    },
    run: (rooms, { expiresAt: expiresAtMs, ...input }, caller) =>
      rooms.groupInvites.create({ ...input, expiresAtMs }, caller),
  }),
  callerOperation({
    path: 'group/invite/list',
    answer: 'list',
    input: { gid: required(toGid) },
    run: (rooms, { gid }, caller) => rooms.groupInvites.list(gid, caller),
  }),
  callerOperation({
    path: 'group/invite/revoke',
    input: { gid: required(toGid), code },
    run: (rooms, { gid, code: which }, caller) => rooms.groupInvites.revoke(gid, which, caller),
  }),
  callerOperation({
    path: 'group/invite/info',
    input: { code },
    guard: (_input, { uid }) => [{ kind: 'lookup', uid }],
    run: (rooms, { code: which }, caller) => rooms.groupInvites.info(which, caller),
  }),
];

const HISTORY: readonly Operation[] = [
  callerOperation({
    path: 'msg/group/history',
    answer: 'page',
    input: {
      gid: required(toGroup),
      // One public client says -1 for «from the end».
      beforeSeq: optional(toSeqBound, 0),
      pageSize: optional(countWithin(1, PAGE_COUNT_LIMIT), PAGE_COUNT),
    },
    run: (rooms, { gid, beforeSeq, pageSize: count }, caller) =>
      rooms.groupHistory.history({ gid, beforeSeq, count }, caller),
  }),
  callerOperation({
    path: 'msg/group/recent',
    answer: 'page',
    input: { gid: required(toGroup) },
    run: (rooms, { gid }, caller) =>
      rooms.groupHistory.history({ gid, beforeSeq: 0, count: PAGE_COUNT }, caller),
  }),
  callerOperation({
    path: 'msg/group/range',
    answer: 'page',
    input: {
      gid: required(toGroup),
      afterSeq: optional(toSeq, known(toSeq(0))),
      limit: optional(countWithin(1, GROUP_RANGE_COUNT), GROUP_RANGE_COUNT),
    },
    run: (rooms, { gid, afterSeq, limit: count }, caller) =>
      rooms.groupHistory.range({ gid, afterSeq, count }, caller),
  }),
  callerOperation({
    path: 'msg/group/state',
    input: { gid: required(toGroup) },
    run: (rooms, { gid }, caller) => rooms.groupHistory.state(gid, caller),
  }),
  callerOperation({
    path: 'msg/group/state/all',
    answer: 'page',
    input: {},
    run: (rooms, _input, caller) => rooms.groupHistory.allStates(caller),
  }),
];

export const GROUP_JOIN_OPERATIONS: readonly Operation[] = [...JOINING, ...INVITES, ...HISTORY];

/** Below 1: from the end. */
function toSeqBound(value: unknown): number | undefined {
  return typeof value === 'number' && value < 0 ? 0 : toCount(value);
}
