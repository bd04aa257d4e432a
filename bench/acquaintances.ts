/**
 * Users who know one another: each has as many conversations as wanted, with his neighbours on a ring, and has
 * missed the newest message of a few of them. Made through the store's ports before a server has the folder.
 */
import { chatConversation } from '../im/message/conversation.js';
import { known, toDevice, toSeq, type Uid } from '../im/message/ids.js';
import type { MarkRequest } from '../im/store/interface.js';
import { SqliteDatabase } from '../pkg/db/sqlite_database.js';
import type { SqliteStores } from '../service/store/sqlite_stores.js';
import { openForSeeding, seededFile, seedTokens, seedUsers } from '../test/support/seed.js';
import { appendRows, BENCH_DEVICE, rowOf } from './dataset.js';
import type { Account } from './plan.js';

export interface RingOptions {
  readonly clientCount: number;
  /** Even, and below the number of clients. */
  readonly conversationCount: number;
  /** In so many conversations to either side there is one message more; absent: MISSED_TO_EITHER_SIDE. */
  readonly missedToEitherSide?: number;
}

export interface Ring {
  /** In the order of the ring. */
  readonly accounts: readonly Account[];
  readonly epoch: number;
  /** Of a sync after everything that everybody has and before what he missed. */
  readonly cursorMs: number;
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
  const { clientCount, conversationCount, missedToEitherSide = MISSED_TO_EITHER_SIDE } = options;
  if (conversationCount % 2 !== 0 || conversationCount >= clientCount)
    throw new RangeError('conversations of each: an even number below that of the clients');
  const uids = await withStores(dataDir, async (stores) => {
    const made = await seedUsers(stores, clientCount);
    await seedKnown(stores, pairsOf(made, conversationCount / 2));
    return made;
  });
  age(seededFile(dataDir));
  return withStores(dataDir, async (stores) => {
    await seedMissed(stores, pairsOf(uids, missedToEitherSide));
    const accounts = await seedTokens(stores, uids, BENCH_DEVICE);
    const { epoch } = await stores.messages.probed();
    return { accounts, epoch, cursorMs: Date.now() - AGE_MS / 2 };
  });
}

async function withStores<Result>(
  dataDir: string,
  work: (stores: SqliteStores) => Promise<Result>,
): Promise<Result> {
  const stores = await openForSeeding(dataDir);
  try {
    return await work(stores);
  } finally {
    await stores.close();
  }
}

/** Longer than sync looks back before a cursor; what was seeded just now would count as changed since. */
const AGE_MS = 600_000;

/** Everything in the file changed so long ago: as if the clients had been away for a while. */
function age(path: string): void {
  const db = new SqliteDatabase({
    path,
    synchronous: 'OFF',
    busyTimeoutMs: 1000,
    cacheBytes: 64 << 20,
    walAutocheckpointPages: 1000,
    maxPageCount: 0,
    queryOnly: false,
  });
  db.write(() => {
    db.prepare('UPDATE conversation SET last_at = last_at - ?').run(AGE_MS);
    db.prepare('UPDATE conversation_member SET changed_at = changed_at - ?').run(AGE_MS);
  });
  db.close();
}

type PairOnRing = readonly [one: Uid, other: Uid];

function pairsOf(uids: readonly Uid[], reach: number): readonly PairOnRing[] {
  return uids.flatMap((one, index) =>
    Array.from({ length: reach }, (_, step): PairOnRing => {
      const other = uids[(index + step + 1) % uids.length];
      if (other === undefined) throw new RangeError('not on the ring');
      return [one, other];
    }),
  );
}

async function seedKnown(stores: SqliteStores, pairs: readonly PairOnRing[]): Promise<void> {
  const { first } = await stores.ids.leaseMids(pairs.length * KNOWN_SEQ);
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
  }
}

async function seedMissed(stores: SqliteStores, pairs: readonly PairOnRing[]): Promise<void> {
  const { first } = await stores.ids.leaseMids(pairs.length);
  let mid: number = first;
  for (let at = 0; at < pairs.length; at += BATCH) {
    await appendRows(
      stores,
      pairs.slice(at, at + BATCH).map(([one, other]) => rowOf([one, other], mid++)),
    );
  }
}
