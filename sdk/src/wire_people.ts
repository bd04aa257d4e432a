/** Answers of the operations on people, narrowed. */
import { toUid } from '../../im/message/ids.js';
import { isJsonObject, type JsonObject } from '../../im/message/json_fields.js';
import { countOf, textOf } from './answers.js';
import type { Contact, ContactAsking, Profile, User, UserPage } from './people_types.js';
import type { Presence } from './types.js';

export function readUser(row: JsonObject): User | undefined {
  // Lists of contacts name people by `id`, and the black list in capitals only.
  const uid = toUid(row['uid'] ?? row['id'] ?? row['Uid']);
  if (uid === undefined) return undefined;
  const nickname = textOf(row['nickname'] ?? row['nick_name'] ?? row['Nickname']);
  return { uid, nickname, avatar: textOf(row['avatar'] ?? row['Avatar']) };
}

/** A group among the contacts is none of these. */
export function readContact(row: JsonObject): Contact | undefined {
  const user = readUser(row);
  return user === undefined ? undefined : { ...user, remark: textOf(row['remark']) };
}

export function readAsking(row: JsonObject): ContactAsking | undefined {
  const user = readUser(row);
  if (user === undefined) return undefined;
  return { ...user, comment: textOf(row['comment']), askedAtMs: countOf(row['askedAt']) };
}

/** Whom a row of the black or white list names. */
export function readListed(row: JsonObject): User | undefined {
  const inner = row['user_info'];
  return readUser(isJsonObject(inner) ? inner : row);
}

export function readProfile(data: unknown): Profile | undefined {
  const user = isJsonObject(data) ? readUser(data) : undefined;
  if (user === undefined || !isJsonObject(data)) return undefined;
  return {
    ...user,
    account: textOf(data['account']),
    email: textOf(data['email']),
    approval: data['approval'] === true,
    contactsOnly: data['contactsOnly'] === true,
    privatePresence: data['privatePresence'] === true,
  };
}

export function readUserPage(data: unknown): UserPage | undefined {
  if (!isJsonObject(data) || !Array.isArray(data['users'])) return undefined;
  const rows: readonly unknown[] = data['users'];
  const users = rows.flatMap((row) => (isJsonObject(row) ? (readUser(row) ?? []) : []));
  return { users, next: data['more'] === true ? countOf(data['next']) : 0 };
}

export function readPresence(row: JsonObject): Presence | undefined {
  const uid = toUid(row['uid']);
  if (uid === undefined) return undefined;
  return { uid, online: row['online'] === true, lastSeenAtMs: countOf(row['lastSeenAt']) };
}
