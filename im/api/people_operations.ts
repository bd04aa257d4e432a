/** Rows of the operation table: users, contacts, black and white lists. */
import { toCount, toUid } from '../message/ids.js';
import type { RelationList } from '../store/interface.js';
import type { ProfileChange } from '../store/people_interface.js';
import { countWithin, listOf, maybe, optional, required, text, toFlag, toText, WIDTHS } from './fields.js';
import { callerOperation, type Operation } from './operation.js';

const UID_COUNT = 500;
/** Of those that are each a write. */
const CHANGE_COUNT = 100;
const SEARCH_COUNT = 20;
const SEARCH_COUNT_LIMIT = 50;

const toNickname = toText(1, WIDTHS.nickname);

const profileChange = {
  nickname: maybe(toNickname),
  nick_name: maybe(toNickname),
  avatar: maybe(toText(1, WIDTHS.avatar)),
  approval: maybe(toFlag),
  contactsOnly: maybe(toFlag),
  privatePresence: maybe(toFlag),
};

const remark = { uid: required(toUid), remark: text(0, WIDTHS.remark) };

export const PEOPLE_OPERATIONS: readonly Operation[] = [
  callerOperation({
    path: 'user/find',
    input: { account: text(1, WIDTHS.account) },
    guard: (_input, { uid }) => [{ kind: 'lookup', uid }],
    run: (rooms, input) => rooms.users.find(input.account),
  }),
  callerOperation({
    path: 'user/search',
    answer: 'list',
    input: {
      prefix: text(1, WIDTHS.nickname),
      after: optional(toCount, 0),
      limit: optional(countWithin(1, SEARCH_COUNT_LIMIT), SEARCH_COUNT),
    },
    guard: (_input, { uid }) => [{ kind: 'lookup', uid }],
    run: (rooms, input) => rooms.users.search(input),
  }),
  callerOperation({
    path: 'user/info',
    answer: 'page',
    aliases: ['api.user.info.get'],
    input: { uid: listOf(toUid, UID_COUNT) },
    tellsOf: ({ uid }) => uid,
    run: (rooms, input, caller) => rooms.users.info(input.uid, caller),
  }),
  ...['user/profile', 'user/profile/auth'].map((path) =>
    callerOperation({
      path,
      aliases: path === 'user/profile' ? ['api.user.info.me'] : [],
      input: {},
      run: (rooms, _input, caller) => rooms.users.profile(caller),
    }),
  ),
  ...['user/profile/update', 'profile/update'].map((path) =>
    callerOperation({
      path,
      input: profileChange,
      run: (rooms, { nick_name, ...input }, caller) =>
        rooms.users.update(said({ ...input, nickname: input.nickname ?? nick_name }), caller),
    }),
  ),
  callerOperation({
    path: 'contacts/list',
    answer: 'large',
    aliases: ['api.contacts.get'],
    input: {},
    run: (rooms, _input, caller) => rooms.contacts.list(caller),
  }),
  callerOperation({
    path: 'contacts/add',
    input: remark,
    tellsOf: ({ uid }) => [uid],
    run: (rooms, input, caller) => rooms.contacts.add(input, caller),
  }),
  callerOperation({
    path: 'contacts/requests',
    answer: 'page',
    input: {},
    run: (rooms, _input, caller) => rooms.contacts.requests(caller),
  }),
  callerOperation({
    path: 'contacts/approval',
    input: {
      uid: listOf(toUid, CHANGE_COUNT),
      agree: maybe(toFlag),
      deny: maybe(toFlag),
      comment: text(0, WIDTHS.comment),
    },
    run: (rooms, input, caller) => rooms.contacts.approve(input, caller),
  }),
  callerOperation({
    path: 'contacts/del',
    input: { uid: listOf(toUid, CHANGE_COUNT) },
    run: (rooms, input, caller) => rooms.contacts.remove(input.uid, caller),
  }),
  ...['contacts/update', 'contacts/update/remark'].map((path) =>
    callerOperation({
      path,
      input: remark,
      run: (rooms, input, caller) => rooms.contacts.setRemark(input, caller),
    }),
  ),
  ...listOperations('black'),
  ...listOperations('white'),
];

function listOperations(list: RelationList): readonly Operation[] {
  const input = { relative_ids: listOf(toUid, CHANGE_COUNT) };
  return [
    callerOperation({
      path: `session/${list}list`,
      answer: 'page',
      alsoGet: true,
      input: {},
      run: (rooms, _input, caller) => rooms.relations.list(list, caller),
    }),
    callerOperation({
      path: `session/${list}list/add`,
      input,
      tellsOf: ({ relative_ids: peers }) => peers,
      run: (rooms, { relative_ids: peers }, caller) => rooms.relations.add(list, peers, caller),
    }),
    callerOperation({
      path: `session/${list}list/remove`,
      input,
      run: (rooms, { relative_ids: peers }, caller) => rooms.relations.remove(list, peers, caller),
    }),
  ];
}

/** Only what the client named; everything else stays as it is. */
function said(change: {
  readonly [Key in keyof ProfileChange]: ProfileChange[Key] | undefined;
}): ProfileChange {
  const { nickname, avatar, approval, contactsOnly, privatePresence } = change;
  return {
    ...(nickname !== undefined && { nickname }),
    ...(avatar !== undefined && { avatar }),
    ...(approval !== undefined && { approval }),
    ...(contactsOnly !== undefined && { contactsOnly }),
    ...(privatePresence !== undefined && { privatePresence }),
  };
}
