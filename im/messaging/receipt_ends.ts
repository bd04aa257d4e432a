/**
 * Up to where readers may acknowledge: the last event of a conversation of two, the last that a member may read of a
 * group. Each conversation is asked for once, whoever reads it; each reader of a group once.
 */
import { chatPeer, groupOf, type ConversationName } from '../message/conversation.js';
import type { Seq, Uid } from '../message/ids.js';
import type { MessageStore } from '../store/interface.js';

export interface ReadingPlace {
  readonly uid: Uid;
  readonly conv: ConversationName;
}

/** In the order of `places`; undefined where the reader has no part in it, or it is not there. */
export async function receiptEnds(
  store: Pick<MessageStore, 'lastSeqs' | 'readable'>,
  places: readonly ReadingPlace[],
): Promise<readonly (Seq | undefined)[]> {
  const names = new Set<ConversationName>();
  const readers = new Map<string, ReadingPlace>();
  for (const { uid, conv } of places) {
    if (groupOf(conv) !== undefined) readers.set(keyOf({ uid, conv }), { uid, conv });
    else if (chatPeer(conv, uid) !== undefined) names.add(conv);
  }
  const [chats, groups] = await Promise.all([
    names.size === 0 ? [] : store.lastSeqs([...names]),
    readers.size === 0 ? [] : store.readable([...readers.values()]),
  ]);
  const ofChats = new Map(chats.map(({ conv, lastSeq }) => [conv, lastSeq]));
  const ofGroups = new Map([...readers.keys()].map((key, index) => [key, groups[index]]));
  return places.map((place) => {
    if (groupOf(place.conv) !== undefined) return ofGroups.get(keyOf(place));
    return chatPeer(place.conv, place.uid) === undefined ? undefined : ofChats.get(place.conv);
  });
}

function keyOf({ uid, conv }: ReadingPlace): string {
  return `${uid}/${conv}`;
}
