import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GROUP_ROLE } from '../message/group.js';
import {
  OUTSIDER,
  PERMISSIONS,
  permits,
  refusalOf,
  type GroupOperation,
  type Standing,
} from './permissions.js';

const STANDINGS = { O: GROUP_ROLE.owner, A: GROUP_ROLE.admin, M: GROUP_ROLE.member, '-': OUTSIDER } as const;
type Letter = keyof typeof STANDINGS;
const LETTERS: readonly Letter[] = ['O', 'A', 'M', '-'];

/** Operations on nobody: who may, in a group that is not open; and who besides in one that is. */
const ALONE: Readonly<Record<string, readonly [closed: string, open: string]>> = {
  join: ['-', ''],
  ask: ['-', ''],
  invite: ['OA', 'M'],
  answerRequest: ['OA', ''],
  exit: ['AM', ''],
  unban: ['OA', ''],
  link: ['OA', ''],
  unlink: ['OA', ''],
  dissolve: ['O', ''],
  muteAll: ['OA', ''],
  profile: ['OA', ''],
  write: ['OAM', ''],
  writeWhileMuted: ['OA', ''],
  writeThoughMuted: ['O', ''],
  pin: ['OA', ''],
  readMembers: ['OAM', ''],
  readRequests: ['OA', ''],
  seeInvites: ['OA', ''],
  seeBans: ['OA', ''],
  receiptsOfOthers: ['OA', ''],
};

/** Operations on somebody: for owner, admin, member, outsider: on whom; `s`: on themselves. */
const ON_SOMEBODY: Readonly<Record<string, readonly [string, string, string, string]>> = {
  remove: ['AM-', 'M-', '', ''],
  ban: ['AM-', 'M-', '', ''],
  role: ['AM-', '', '', ''],
  handOver: ['AM-', '', '', ''],
  mute: ['AM-', 'M-', '', ''],
  recallOthers: ['AM-', 'M-', '', ''],
  alias: ['AM-s', 'M-s', 's', ''],
};

test('the tables of this test name every operation once', () => {
  const named = [...Object.keys(ALONE), ...Object.keys(ON_SOMEBODY)].sort();
  assert.deepEqual(named, Object.keys(PERMISSIONS).sort());
});

test('operations on nobody, cell by cell', () => {
  for (const [operation, [closed, open]] of Object.entries(ALONE)) {
    for (const actor of LETTERS) {
      for (const isOpen of [false, true]) {
        const expected = closed.includes(actor) || (isOpen && open.includes(actor));
        const may = permits(operation as GroupOperation, STANDINGS[actor], { isOpen });
        assert.equal(may, expected, `${operation} by ${actor}, ${isOpen ? 'open' : 'closed'}`);
      }
    }
  }
});

test('operations on somebody, cell by cell', () => {
  for (const [operation, rows] of Object.entries(ON_SOMEBODY)) {
    for (const [index, actor] of LETTERS.entries()) {
      const targets: readonly (readonly [string, Standing | 'self'])[] = [
        ['s', 'self'],
        ...LETTERS.map((letter) => [letter, STANDINGS[letter]] as const),
      ];
      for (const [letter, target] of targets) {
        const may = permits(operation as GroupOperation, STANDINGS[actor], { target });
        assert.equal(may, rows[index]?.includes(letter), `${operation} by ${actor} on ${letter}`);
      }
      assert.equal(permits(operation as GroupOperation, STANDINGS[actor]), false, 'on nobody in particular');
    }
  }
});

test('who is no member is told so, who is one is told that he may not', () => {
  assert.equal(refusalOf('profile', OUTSIDER), 'NOT_A_MEMBER');
  assert.equal(refusalOf('profile', GROUP_ROLE.member), 'NO_PERMISSION');
  assert.equal(refusalOf('profile', GROUP_ROLE.admin), undefined);
  assert.equal(refusalOf('mute', GROUP_ROLE.admin, { target: GROUP_ROLE.admin }), 'NO_PERMISSION');
});
