/**
 * The name of a conversation: `u<lower uid>_<higher uid>` for two people (twice the same uid is a note to
 * oneself), `g<gid>` for a group. Every client and every process derives the same name from the same ids.
 */
import { isGid, toGid, toUid, type Gid, type PeerId, type Uid } from './ids.js';

declare const brand: unique symbol;
export type ConversationName = string & { readonly [brand]: 'conversation' };

const PAIR = /^u([1-9][0-9]{0,9})_([1-9][0-9]{0,9})$/;
const GROUP = /^g([1-9][0-9]{9})$/;

export function chatConversation(one: Uid, other: Uid): ConversationName {
  return (one < other ? `u${one}_${other}` : `u${other}_${one}`) as ConversationName;
}

export function groupConversation(gid: Gid): ConversationName {
  return `g${gid}` as ConversationName;
}

/** Where what `from` says to `to` belongs. */
export function conversationWith(from: Uid, to: PeerId): ConversationName {
  return isGid(to) ? groupConversation(to) : chatConversation(from, to);
}

/** The group of a group's conversation; undefined for every other name. */
export function groupOf(name: string): Gid | undefined {
  return toGid(GROUP.exec(name)?.[1]);
}

/** The two uids of a 1:1 conversation, lower first; undefined where `name` is not the one spelling of such a name. */
export function chatMembers(name: string): readonly [Uid, Uid] | undefined {
  const match = PAIR.exec(name);
  const low = toUid(match?.[1]);
  const high = toUid(match?.[2]);
  return low !== undefined && high !== undefined && low <= high ? [low, high] : undefined;
}

/** The other person of a 1:1 conversation, oneself for a note; undefined where `uid` has no part in it. */
export function chatPeer(name: string, uid: Uid): Uid | undefined {
  const members = chatMembers(name);
  if (members === undefined) return undefined;
  if (members[0] === uid) return members[1];
  return members[1] === uid ? members[0] : undefined;
}

/** Whom `from` addresses there: the other person, or the group; undefined where it is a conversation of others. */
export function addressee(name: ConversationName, from: Uid): PeerId | undefined {
  return groupOf(name) ?? chatPeer(name, from);
}

/**
 * False where the name alone shows that `uid` has no part in it. Of a group only the store knows: its reads refuse
 * who is no member.
 */
export function mayBeIn(name: ConversationName, uid: Uid): boolean {
  return addressee(name, uid) !== undefined;
}

/** `value` as a conversation name, or undefined; says nothing about whether it exists. */
export function toConversation(value: unknown): ConversationName | undefined {
  if (typeof value !== 'string') return undefined;
  return chatMembers(value) !== undefined || groupOf(value) !== undefined
    ? (value as ConversationName)
    : undefined;
}
