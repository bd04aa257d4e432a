/**
 * Who may do what in a group: one table, role × operation. Pure; the store asks it under the group's lock, the api
 * before it shows something. What an operation needs besides (a place that is free, a request that was made) is not
 * in here.
 */
import { GROUP_ROLE, type GroupRole } from '../message/group.js';

/** How somebody stands to a group: his role in it, or that he is no member. */
export const OUTSIDER = 0;
export type Standing = GroupRole | typeof OUTSIDER;

/**
 * `lower`: where who is concerned stands lower, so never oneself. `self`: oneself, or who stands lower. `open`: in a
 * group that whoever wants to may join.
 */
type Rule = 'yes' | 'no' | 'lower' | 'self' | 'open';
type Rules = readonly [owner: Rule, admin: Rule, member: Rule, outsider: Rule];

const EVERY_MEMBER: Rules = ['yes', 'yes', 'yes', 'no'];
const ADMINS: Rules = ['yes', 'yes', 'no', 'no'];
const ADMINS_DOWNWARD: Rules = ['lower', 'lower', 'no', 'no'];
const OUTSIDERS: Rules = ['no', 'no', 'no', 'yes'];

export const PERMISSIONS = {
  // Coming and going.
  join: OUTSIDERS,
  ask: OUTSIDERS,
  invite: ['yes', 'yes', 'open', 'no'],
  answerRequest: ADMINS,
  exit: ['no', 'yes', 'yes', 'no'],
  remove: ADMINS_DOWNWARD,
  ban: ADMINS_DOWNWARD,
  unban: ADMINS,
  link: ADMINS,
  unlink: ADMINS,
  // The members and the group itself.
  role: ['lower', 'no', 'no', 'no'],
  handOver: ['lower', 'no', 'no', 'no'],
  dissolve: ['yes', 'no', 'no', 'no'],
  mute: ADMINS_DOWNWARD,
  muteAll: ADMINS,
  profile: ADMINS,
  alias: ['self', 'self', 'self', 'no'],
  // Messages.
  write: EVERY_MEMBER,
  /** While only owner and admins may. */
  writeWhileMuted: ADMINS,
  /** Though he himself has been muted. */
  writeThoughMuted: ['yes', 'no', 'no', 'no'],
  recallOthers: ADMINS_DOWNWARD,
  pin: ADMINS,
  // What is shown.
  readMembers: EVERY_MEMBER,
  readRequests: ADMINS,
  seeInvites: ADMINS,
  seeBans: ADMINS,
  receiptsOfOthers: ADMINS,
} as const satisfies Record<string, Rules>;

export type GroupOperation = keyof typeof PERMISSIONS;

export interface Circumstances {
  /** Who is concerned; `self`: whoever acts. Needed by operations on somebody. */
  readonly target?: Standing | 'self';
  /** Whoever wants to may join. */
  readonly isOpen?: boolean;
}

const COLUMNS: Readonly<Record<Standing, 0 | 1 | 2 | 3>> = {
  [GROUP_ROLE.owner]: 0,
  [GROUP_ROLE.admin]: 1,
  [GROUP_ROLE.member]: 2,
  [OUTSIDER]: 3,
};

export function permits(
  operation: GroupOperation,
  actor: Standing,
  { target, isOpen = false }: Circumstances = {},
): boolean {
  switch (PERMISSIONS[operation][COLUMNS[actor]]) {
    case 'yes':
      return true;
    case 'no':
      return false;
    case 'open':
      return isOpen;
    case 'lower':
      return isLower(target, actor);
    case 'self':
      // A member has nobody below him here: outsiders have nothing that could be changed.
      return target === 'self' || (actor !== GROUP_ROLE.member && isLower(target, actor));
  }
}

/** Why not; undefined: `actor` may. */
export function refusalOf(
  operation: GroupOperation,
  actor: Standing,
  circumstances: Circumstances = {},
): 'NOT_A_MEMBER' | 'NO_PERMISSION' | undefined {
  if (permits(operation, actor, circumstances)) return undefined;
  return actor === OUTSIDER ? 'NOT_A_MEMBER' : 'NO_PERMISSION';
}

function isLower(target: Standing | 'self' | undefined, actor: Standing): boolean {
  if (target === undefined || target === 'self') return false;
  return COLUMNS[target] > COLUMNS[actor];
}
