/**
 * The name of a conversation: `u<lower uid>_<higher uid>` for two people (twice the same uid is a note to
 * oneself). Every client and every process derives the same name from the same two uids.
 */
import { toUid, type Uid } from './ids.js';

declare const brand: unique symbol;
export type ConversationName = string & { readonly [brand]: 'conversation' };

const PAIR = /^u([1-9][0-9]{0,9})_([1-9][0-9]{0,9})$/;

export function chatConversation(one: Uid, other: Uid): ConversationName {
  return (one < other ? `u${one}_${other}` : `u${other}_${one}`) as ConversationName;
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

/** `value` as a conversation name, or undefined; says nothing about whether it exists. */
export function toConversation(value: unknown): ConversationName | undefined {
  return typeof value === 'string' && chatMembers(value) !== undefined
    ? (value as ConversationName)
    : undefined;
}
