/**
 * Every operation of the API, once: HTTP (service/api/http_server.ts) and the connection (`api.` + the path
 * with dots, and the aliases) are served from this table. Keys in camelCase; any case is accepted.
 */
import { toConversation, type ConversationName } from '../message/conversation.js';
import { known, toCount, toDevice, toMid, toSeq, toUid } from '../message/ids.js';
import { conversation, countWithin, email, flag, listOf, optional, required, text } from './fields.js';
import { OFFLINE_LIMITS } from './message_api.js';
import { callerOperation, publicOperation, type Operation } from './operation.js';
import { SYNC_COUNT_LIMIT } from './sync_api.js';

/** Widths of the columns that hold them. */
const ACCOUNT_LENGTH = 254;
const NICKNAME_LENGTH = 64;
const AVATAR_LENGTH = 1024;
const REMARK_LENGTH = 64;
/** What a password field may carry before it is judged; longer is not looked at. */
const PASSWORD_LENGTH = 1024;
const TOKEN_LENGTH = 4096;
const UID_COUNT = 500;
const SYNC_COUNT = 200;

const ANDROID = known(toDevice(1));
const WEB = known(toDevice(2));

const passwordSignIn = {
  account: text(0, ACCOUNT_LENGTH),
  email: text(0, ACCOUNT_LENGTH),
  password: text(0, PASSWORD_LENGTH),
};

export const OPERATIONS: readonly Operation[] = [
  publicOperation({
    path: 'auth/register',
    aliases: ['api.user.register'],
    input: {
      account: text(0, ACCOUNT_LENGTH),
      email: email(),
      captcha: text(0, 32),
      password: text(1, PASSWORD_LENGTH),
      nickname: text(0, NICKNAME_LENGTH),
    },
    run: (rooms, input) => rooms.accounts.register(input),
  }),
  publicOperation({
    path: 'auth/signin',
    aliases: ['api.user.login'],
    input: { ...passwordSignIn, device: optional(toDevice, ANDROID) },
    run: (rooms, input, _caller, context) => rooms.auth.signIn(input, context),
  }),
  publicOperation({
    path: 'auth/signin_v2',
    input: { ...passwordSignIn, device: optional(toDevice, WEB) },
    run: (rooms, input, _caller, context) => rooms.auth.signIn(input, context),
  }),
  publicOperation({
    path: 'auth/guest',
    aliases: ['api.user.guest'],
    input: { nickname: text(0, NICKNAME_LENGTH), avatar: text(0, AVATAR_LENGTH) },
    run: (rooms, input, _caller, context) => rooms.accounts.guest(input, context),
  }),
  publicOperation({
    path: 'auth/token',
    input: { token: text(0, TOKEN_LENGTH), renew: flag() },
    run: (rooms, input, _caller, context) => rooms.auth.token(input, context),
  }),
  publicOperation({
    path: 'auth/verifyCode',
    input: { email: email() },
    run: (rooms, input) => rooms.accounts.verifyCode(input),
  }),
  callerOperation(
    {
      path: 'auth/logout',
      aliases: ['api.user.logout'],
      input: {},
      run: (rooms, _input, caller) => rooms.auth.logout(caller),
    },
    'genuine',
  ),
  callerOperation({
    path: 'auth/password',
    input: { oldPassword: text(0, PASSWORD_LENGTH), newPassword: text(1, PASSWORD_LENGTH) },
    run: (rooms, input, caller, context) => rooms.accounts.changePassword(input, caller, context),
  }),
  callerOperation({
    path: 'user/find',
    input: { account: text(1, ACCOUNT_LENGTH) },
    run: (rooms, input) => rooms.users.find(input.account),
  }),
  callerOperation({
    path: 'user/info',
    aliases: ['api.user.info.get'],
    input: { uid: listOf(toUid, UID_COUNT) },
    run: (rooms, input) => rooms.users.info(input.uid),
  }),
  callerOperation({
    path: 'user/profile',
    aliases: ['api.user.info.me'],
    input: {},
    run: (rooms, _input, caller) => rooms.users.profile(caller),
  }),
  callerOperation({
    path: 'contacts/list',
    aliases: ['api.contacts.get'],
    input: {},
    run: (rooms, _input, caller) => rooms.contacts.list(caller),
  }),
  callerOperation({
    path: 'contacts/add',
    input: { uid: required(toUid), remark: text(0, REMARK_LENGTH) },
    run: (rooms, input, caller) => rooms.contacts.add(input, caller),
  }),
  callerOperation({
    path: 'msg/id',
    input: {},
    run: (rooms, _input, caller) => rooms.messages.id(caller),
  }),
  callerOperation({
    path: 'msg/chat/history',
    // `before` is the other public client's name for the same cursor.
    input: { uid: required(toUid), beforeMid: optional(toCount, 0), before: optional(toCount, 0) },
    run: (rooms, { uid, beforeMid, before }, caller) =>
      rooms.messages.history({ uid, beforeMid: beforeMid === 0 ? before : beforeMid }, caller),
  }),
  callerOperation({
    path: 'msg/chat/offline',
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
    input: { conv: conversation(), from: required(toSeq), to: required(toSeq) },
    run: (rooms, input, caller) => rooms.sync.range(input, caller),
  }),
  callerOperation({
    path: 'session/recent',
    input: {},
    run: (rooms, _input, caller) => rooms.sessions.recent(caller),
  }),
  callerOperation({
    path: 'session/get',
    input: { to: required(toUid) },
    run: (rooms, input, caller) => rooms.sessions.get(input.to, caller),
  }),
  callerOperation({
    path: 'session/update',
    input: { to: required(toUid), readSeq: optional(toSeq, known(toSeq(0))) },
    run: (rooms, input, caller) => rooms.sessions.update(input, caller),
  }),
  callerOperation({
    path: 'session/ticket',
    input: { to: required(toUid) },
    run: (rooms, input, caller) => rooms.sessions.ticket(input.to, caller),
  }),
  callerOperation({
    path: 'sync',
    input: {
      since: optional(toCount, 0),
      after: optional<ConversationName | ''>(toConversation, ''),
      limit: optional(countWithin(1, SYNC_COUNT_LIMIT), SYNC_COUNT),
    },
    run: (rooms, input, caller) => rooms.sync.sync(input, caller),
  }),
  publicOperation({
    path: 'app/info',
    method: 'GET',
    input: {},
    run: (rooms) => rooms.app.info(),
  }),
];
