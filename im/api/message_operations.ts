/** Rows of the operation table: messages, sessions, sync. */
import { imError } from '../errors.js';
import { toAddressee } from '../message/addressee.js';
import { chatMembers, toConversation, type ConversationName } from '../message/conversation.js';
import { isGid, known, toCount, toMid, toSeq, toUid, type PeerId, type Uid } from '../message/ids.js';
import { conversation, countWithin, flag, listOf, optional, required, session, time } from './fields.js';
import { PAGE_COUNT, PAGE_COUNT_LIMIT, USER_COUNT_LIMIT } from './history_api.js';
import { OFFLINE_LIMITS } from './message_api.js';
import { callerOperation, type Operation } from './operation.js';
import { SYNC_COUNT_LIMIT } from './sync_api.js';

const SYNC_COUNT = 200;
/** `type` of a message/recall to a group; 1 is to a person. */
const GROUP_MESSAGE = 2;

const pageSize = optional(countWithin(1, PAGE_COUNT_LIMIT), PAGE_COUNT);

export const MESSAGE_OPERATIONS: readonly Operation[] = [
  callerOperation({
    path: 'msg/id',
    input: {},
    run: (rooms, _input, caller) => rooms.messages.id(caller),
  }),
  callerOperation({
    path: 'msg/chat/history',
    answer: 'page',
    input: {
      uid: required(toUid),
      beforeMid: optional(toCount, 0),
      // The other public client's name for the same cursor.
      before: optional(toCount, 0),
      pageSize,
      from: time(),
      to: time(),
    },
    run: (rooms, { uid: to, beforeMid, before, pageSize: count, from: fromMs, to: toMs }, caller) => {
      const cursor = beforeMid === 0 ? before : beforeMid;
      return rooms.history.history({ to, beforeMid: cursor, fromMid: 0, fromMs, toMs, count }, caller);
    },
  }),
  callerOperation({
    path: 'msg/chat/recent',
    answer: 'heavy',
    input: {},
    run: (rooms, _input, caller) => rooms.history.recent(caller),
  }),
  callerOperation({
    path: 'msg/chat/user',
    answer: 'heavy',
    input: { uid: listOf(toUid, USER_COUNT_LIMIT) },
    run: (rooms, input, caller) => rooms.history.withUsers(input.uid, caller),
  }),
  callerOperation({
    path: 'message/list',
    answer: 'page',
    // Pages by number would move under a reader whenever somebody writes: only the first can be named.
    input: {
      to: required(toAddressee),
      start_mid: optional(toCount, 0),
      end_mid: optional(toCount, 0),
      pageSize,
      page: optional(countWithin(0, 1), 1),
    },
    run: (rooms, { to, start_mid: fromMid, end_mid: beforeMid, pageSize: count }, caller) =>
      rooms.history.history({ to, fromMid, beforeMid, fromMs: 0, toMs: 0, count }, caller),
  }),
  callerOperation({
    path: 'message/read',
    input: { session_id: session() },
    tellsOf: ({ session_id: conv }) => chatMembers(conv) ?? [],
    run: (rooms, input, caller) => rooms.sessions.read(input.session_id, caller),
  }),
  callerOperation({
    path: 'message/recall',
    input: {
      to: required(toAddressee),
      mid: required(toMid),
      type: optional(countWithin(0, GROUP_MESSAGE), 1),
    },
    run: (rooms, input, caller) => {
      if (input.type === GROUP_MESSAGE && !isGid(input.to)) throw imError('INVALID_PARAMETER', 'type');
      return rooms.messages.recall(input, caller);
    },
  }),
  callerOperation({
    path: 'msg/chat/offline',
    answer: 'heavy',
    input: {},
    run: (rooms, _input, caller) => rooms.messages.offline(caller),
  }),
  callerOperation({
    path: 'msg/chat/offline/ack',
    input: { mid: listOf(toMid, OFFLINE_LIMITS.count) },
    run: (rooms, input, caller) => rooms.messages.ackOffline(input.mid, caller),
  }),
  callerOperation({
    path: 'msg/range',
    answer: 'list',
    input: { conv: conversation(), from: required(toSeq), to: required(toSeq) },
    run: (rooms, input, caller) => rooms.sync.range(input, caller),
  }),
  callerOperation({
    path: 'session/recent',
    answer: 'list',
    // Old clients take every row for a person.
    input: { groups: flag() },
    run: (rooms, { groups }, caller) => rooms.sessions.recent(groups, caller),
  }),
  callerOperation({
    path: 'session/get',
    input: { to: required(toAddressee) },
    tellsOf: ({ to }) => peopleIn(to),
    run: (rooms, input, caller) => rooms.sessions.get(input.to, caller),
  }),
  callerOperation({
    path: 'session/update',
    input: { to: required(toAddressee), readSeq: optional(toSeq, known(toSeq(0))) },
    tellsOf: ({ to }) => peopleIn(to),
    run: (rooms, input, caller) => rooms.sessions.update(input, caller),
  }),
  callerOperation({
    path: 'session/ticket',
    input: { to: required(toAddressee) },
    tellsOf: ({ to }) => peopleIn(to),
    run: (rooms, input, caller) => rooms.sessions.ticket(input.to, caller),
  }),
  callerOperation({
    path: 'sync',
    answer: 'list',
    input: {
      since: optional(toCount, 0),
      after: optional<ConversationName | ''>(toConversation, ''),
      limit: optional(countWithin(1, SYNC_COUNT_LIMIT), SYNC_COUNT),
    },
    run: (rooms, input, caller) => rooms.sync.sync(input, caller),
  }),
];

/** Strangers are people: what is told of a group is told to its members only. */
function peopleIn(to: PeerId): readonly Uid[] {
  return isGid(to) ? [] : [to];
}
