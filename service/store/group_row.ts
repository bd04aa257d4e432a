/** Cells of the groups' tables, narrowed where they are read. */
import {
  GROUP_ROLE,
  JOIN_MODES,
  type GroupProfile,
  type GroupRole,
  type JoinMode,
} from '../../im/message/group.js';
import { known, toGid, type Gid } from '../../im/message/ids.js';
import type { Row } from '../../pkg/db/sqlite_database.js';
import { integerAt, textAt } from '../../pkg/db/sqlite_row.js';

/** The first columns of a row: name, avatar, announcement, join_mode, open_history. */
export function profileOf(row: Row): Required<GroupProfile> {
  return {
    name: textAt(row, 0),
    avatar: textAt(row, 1),
    announcement: textAt(row, 2),
    joinMode: joinModeAt(row, 3),
    openHistory: integerAt(row, 4) !== 0,
  };
}

export function joinModeAt(row: Row, column: number): JoinMode {
  const mode = JOIN_MODES[integerAt(row, column)];
  if (mode === undefined) throw new TypeError(`column ${column} holds no way to join`);
  return mode;
}

export function roleAt(row: Row, column: number): GroupRole {
  const value = integerAt(row, column);
  const role = Object.values(GROUP_ROLE).find((one) => one === value);
  if (role === undefined) throw new TypeError(`column ${column} holds no role`);
  return role;
}

export const gidAt = (row: Row, column: number): Gid => known(toGid(row[column]));
