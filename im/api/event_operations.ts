/** Rows of the operation table: edits, reactions, pins, receipts, pages of the log, search. */
import { CLIENT_ID_BYTES } from '../message/client_id.js';
import { toConversation, type ConversationName } from '../message/conversation.js';
import { REACTION_BYTES } from '../message/event_content.js';
import { known, toCount, toMid, toSeq, toUid, type Mid } from '../message/ids.js';
import {
  conversation,
  countWithin,
  listOf,
  maybe,
  optional,
  required,
  text,
  time,
  toFlag,
} from './fields.js';
import { callerOperation, type Operation } from './operation.js';
import { PAGE_SIDES, type PageSide } from './page_api.js';
import { RANGE_LIMITS } from './sync_api.js';

/** Messages in one answer that has no limit of bytes of its own. */
const MID_COUNT = 50;
const REACTED_COUNT = 100;
const PAGE_COUNT = 50;
const SEARCH_COUNT = 20;
const SEARCH_COUNT_LIMIT = 50;
const SEARCH_TEXT = 256;
/** Longer is refused by its bytes. */
const CONTENT_LENGTH = 8 << 20;

const target = { conv: conversation(), mid: required(toMid) };

const toSide = (value: unknown): PageSide | undefined => PAGE_SIDES.find((side) => side === value);

export const EVENT_OPERATIONS: readonly Operation[] = [
  callerOperation({
    path: 'msg/edit',
    input: { ...target, content: text(0, CONTENT_LENGTH), cliMid: text(0, CLIENT_ID_BYTES) },
    run: (rooms, input, caller) => rooms.events.edit(input, caller),
  }),
  callerOperation({
    path: 'msg/react',
    input: { ...target, emoji: text(1, REACTION_BYTES), on: optional(toFlag, true) },
    run: (rooms, input, caller) => rooms.events.react(input, caller),
  }),
  callerOperation({
    path: 'msg/pin',
    input: { ...target, on: optional(toFlag, true) },
    run: (rooms, input, caller) => rooms.events.pin(input, caller),
  }),
  callerOperation({
    path: 'msg/unpin',
    input: target,
    run: (rooms, input, caller) => rooms.events.pin({ ...input, on: false }, caller),
  }),
  callerOperation({
    path: 'msg/pins',
    answer: 'large',
    input: { conv: conversation() },
    run: (rooms, input, caller) => rooms.events.pins(input.conv, caller),
  }),
  callerOperation({
    path: 'msg/reactions',
    answer: 'page',
    input: { conv: conversation(), mid: listOf(toMid, REACTED_COUNT) },
    run: (rooms, input, caller) => rooms.events.reactions(input, caller),
  }),
  callerOperation({
    path: 'msg/edits',
    answer: 'large',
    input: target,
    run: (rooms, input, caller) => rooms.events.edits(input, caller),
  }),
  callerOperation({
    path: 'msg/receipts',
    input: target,
    run: (rooms, input, caller) => rooms.events.receipts(input, caller),
  }),
  callerOperation({
    path: 'msg/get',
    answer: 'page',
    input: { mid: listOf(toMid, MID_COUNT) },
    run: (rooms, input, caller) => rooms.pages.get(input.mid, caller),
  }),
  callerOperation({
    path: 'msg/page',
    answer: 'list',
    input: {
      conv: conversation(),
      side: optional<PageSide>(toSide, 'before'),
      seq: optional(toSeq, known(toSeq(0))),
      mid: optional<Mid | 0>((value) => (value === 0 || value === '0' ? 0 : toMid(value)), 0),
      from: time(),
      to: time(),
      limit: optional(countWithin(1, RANGE_LIMITS.count), PAGE_COUNT),
    },
    run: (rooms, input, caller) => rooms.pages.page(input, caller),
  }),
  callerOperation({
    path: 'msg/search',
    answer: 'list',
    input: {
      text: text(1, SEARCH_TEXT),
      conv: optional<ConversationName | ''>(toConversation, ''),
      uid: maybe(toUid),
      from: time(),
      to: time(),
      before: optional(toCount, 0),
      limit: optional(countWithin(1, SEARCH_COUNT_LIMIT), SEARCH_COUNT),
    },
    guard: (_input, { uid }) => [{ kind: 'search', uid }],
    run: (rooms, input, caller) => rooms.search.search(input, caller),
  }),
];
