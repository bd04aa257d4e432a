/**
 * Users who know one another: each has as many conversations as wanted, with his neighbours on a ring, and has
 * missed the newest message of a few of them. Made through the store's ports before a server has the folder.
 */
import { chatConversation } from '../im/message/conversation.js';
import { known, toDevice, toSeq, type Uid } from '../im/message/ids.js';
import type { MarkRequest } from '../im/store/interface.js';
import type { SqliteStores } from '../service/store/sqlite_stores.js';
import { openForSeeding, seedTokens, seedUsers } from '../test/support/seed.js';
import { appendRows, BENCH_DEVICE, rowOf } from './dataset.js';
import type { Account } from './plan.js';

export interface RingOptions {
  readonly clientCount: number;
  /** Even, and below the number of clients. */
  readonly conversationCount: number;
}

export interface Ring {
  /** In the order of the ring. */
  readonly accounts: readonly Account[];
  readonly epoch: number;
}

/** What everybody has of every conversation. */
export const KNOWN_SEQ = 2;
/** In so many conversations to either side there is one message more. */
export const MISSED_TO_EITHER_SIDE = 3;
const BATCH = 5000;

/** Neighbours of the user at `index`, nearest first, on both sides. */
export function neighbours(
  index: number,
  { clientCount, conversationCount }: RingOptions,
): readonly number[] {
  return Array.from({ length: conversationCount / 2 }, (_, step) => [
    (index + step + 1) % clientCount,
    (index - step - 1 + clientCount) % clientCount,
  ]).flat();
}

export async function seedRing(dataDir: string, options: RingOptions): Promise<Ring> {
  const { clientCount, conversationCount } = options;
  if (conversationCount % 2 !== 0 || conversationCount >= clientCount)
    throw new RangeError('conversations of each: an even number below that of the clients');
  const stores = await openForSeeding(dataDir);
  try {
    const uids = await seedUsers(stores, clientCount);
    await seedConversations(stores, pairsOf(uids, conversationCount / 2));
    const accounts = await seedTokens(stores, uids, BENCH_DEVICE);
    const { epoch } = await stores.messages.probed();
    return { accounts, epoch };
  } finally {
    await stores.close();
  }
}

type PairOnRing = readonly [one: Uid, other: Uid, distance: number];

function pairsOf(uids: readonly Uid[], reach: number): readonly PairOnRing[] {
  return uids.flatMap((one, index) =>
    Array.from({ length: reach }, (_, step): PairOnRing => {
      const other = uids[(index + step + 1) % uids.length];
      if (other === undefined) throw new RangeError('not on the ring');
      return [one, other, step + 1];
    }),
  );
}

async function seedConversations(stores: SqliteStores, pairs: readonly PairOnRing[]): Promise<void> {
  const { first } = await stores.ids.leaseMids(pairs.length * (KNOWN_SEQ + 1));
  const device = known(toDevice(BENCH_DEVICE));
  const range = { from: known(toSeq(1)), to: known(toSeq(KNOWN_SEQ)) };
  let mid: number = first;
  for (let at = 0; at < pairs.length; at += BATCH) {
    const batch = pairs.slice(at, at + BATCH);
    for (let seq = 1; seq <= KNOWN_SEQ; seq++) {
      await appendRows(
        stores,
        batch.map(([one, other]) => rowOf(seq % 2 === 1 ? [one, other] : [other, one], mid++)),
      );
    }
    const marks = batch.flatMap(([one, other]) => {
      const common = { device, conv: chatConversation(one, other), read: true, ...range };
      return [one, other].map((uid): MarkRequest => ({ ...common, uid }));
    });
    await stores.messages.mark(marks);
    const missed = batch.filter(([, , distance]) => distance <= MISSED_TO_EITHER_SIDE);
    await appendRows(
      stores,
      missed.map(([one, other]) => rowOf([one, other], mid++)),
    );
  }
}
