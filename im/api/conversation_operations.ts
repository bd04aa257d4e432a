/** Rows of the operation table: settings of conversations, what was read, who is there. */
import { chatMembers } from '../message/conversation.js';
import { known, toMid, toSeq, toUid } from '../message/ids.js';
import { INTERESTS, type ConversationSettings, type Interest } from '../message/settings.js';
import { conversation, listOf, maybe, maybeText, oneOrList, optional, required, toFlag } from './fields.js';
import { callerOperation, type Operation } from './operation.js';

const STATE_COUNT = 500;
/** More than may be subscribed to, so that whoever asks for too many is told so. */
const SUBSCRIBE_COUNT = 1000;
/** Characters; bytes are counted where it is stored. */
const DRAFT_LENGTH = 4096;

const toInterest = (value: unknown): Interest | undefined => INTERESTS.find((one) => one === value);

export const CONVERSATION_OPERATIONS: readonly Operation[] = [
  callerOperation({
    path: 'conversation/settings',
    input: {
      conv: conversation(),
      pinned: maybe(toFlag),
      muted: maybe(toFlag),
      hidden: maybe(toFlag),
      draft: maybeText(DRAFT_LENGTH),
      interest: maybe(toInterest),
    },
    run: (rooms, { conv, ...change }, caller) => rooms.settings.settings(conv, said(change), caller),
  }),
  callerOperation({
    path: 'conversation/read',
    input: { conv: conversation(), seq: optional(toSeq, known(toSeq(0))) },
    tellsOf: ({ conv }) => chatMembers(conv) ?? [],
    run: (rooms, input, caller) => rooms.unread.read(input, caller),
  }),
  callerOperation({
    path: 'conversation/unread',
    input: {},
    run: (rooms, _input, caller) => rooms.unread.unread(caller),
  }),
  callerOperation({
    path: 'contacts/update/mid',
    input: { uid: required(toUid), mid: required(toMid) },
    run: (rooms, input, caller) => rooms.unread.readToMid(input, caller),
  }),
  callerOperation({
    path: 'user/state',
    answer: 'list',
    input: { uid: oneOrList(toUid, STATE_COUNT) },
    tellsOf: ({ uid }) => uid.values,
    run: (rooms, { uid }, caller, { dialect }) => {
      const [one] = uid.values;
      if (uid.isOne && one !== undefined) return rooms.presence.state(one, caller, dialect);
      return rooms.presence.states(uid.values, caller);
    },
  }),
  callerOperation({
    path: 'user/online',
    answer: 'page',
    input: {},
    run: (rooms, _input, caller) => rooms.presence.online(caller),
  }),
  callerOperation({
    path: 'state/sub',
    answer: 'list',
    // The public web client says `uids`.
    input: { uid: listOf(toUid, SUBSCRIBE_COUNT), uids: listOf(toUid, SUBSCRIBE_COUNT) },
    tellsOf: ({ uid, uids }) => [...uid, ...uids],
    run: (rooms, { uid, uids }, caller) => rooms.presence.subscribe([...uid, ...uids], caller),
  }),
];

/** Only what the client named; everything else stays as it is. */
function said(change: {
  readonly [Key in keyof ConversationSettings]: ConversationSettings[Key] | undefined;
}): Partial<ConversationSettings> {
  const { pinned, muted, hidden, draft, interest } = change;
  return {
    ...(pinned !== undefined && { pinned }),
    ...(muted !== undefined && { muted }),
    ...(hidden !== undefined && { hidden }),
    ...(draft !== undefined && { draft }),
    ...(interest !== undefined && { interest }),
  };
}
