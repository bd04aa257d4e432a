/**
 * The database that every measure starts from: users in pairs, and a million messages between them. Made once
 * through the store's ports, without waiting for the disk, and kept in the system's temporary folder.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chatConversation } from '../im/message/conversation.js';
import { known, toDevice, toMid, toSeq, toUid, type Uid } from '../im/message/ids.js';
import { EVENT_KIND } from '../im/message/message.js';
import type { AppendRequest } from '../im/store/interface.js';
import type { SqliteStores } from '../service/store/sqlite_stores.js';
import { openForSeeding, seedTokens, seedUsers } from '../test/support/seed.js';
import { packageRoot } from './results.js';
import type { Account, Pair } from './plan.js';

const USER_COUNT = 10_000;
const ROW_COUNT = 1_000_000;
/** Every user has a partner; each pair has an equal share of the rows. */
const ROWS_PER_PAIR = ROW_COUNT / (USER_COUNT / 2);
const ROWS_PER_BATCH = 5000;
const CONTENT_BYTES = 64;
/** What phones use; any would do. */
export const BENCH_DEVICE = 5;

interface Manifest {
  readonly epoch: number;
  readonly uids: readonly number[];
}

export class Dataset {
  readonly dataDir: string;
  readonly #manifest: Manifest;

  constructor(dataDir: string, manifest: Manifest) {
    this.dataDir = dataDir;
    this.#manifest = manifest;
  }

  get uids(): readonly number[] {
    return this.#manifest.uids;
  }

  get epoch(): number {
    return this.#manifest.epoch;
  }

  /** The first `count` pairs, with tokens issued in `dataDir`: call it before the server has the folder. */
  async pairs(dataDir: string, count: number): Promise<readonly Pair[]> {
    const accounts = await this.accounts(dataDir, count * 2);
    return Array.from({ length: count }, (_, index) => {
      const [sender, receiver] = [accounts[index * 2], accounts[index * 2 + 1]];
      if (sender === undefined || receiver === undefined) throw new RangeError('not so many users');
      const conv = chatConversation(known(toUid(sender.uid)), known(toUid(receiver.uid)));
      return { sender, receiver, conv, knownSeq: ROWS_PER_PAIR };
    });
  }

  async accounts(dataDir: string, count: number): Promise<readonly Account[]> {
    const stores = await openForSeeding(dataDir);
    try {
      return await seedTokens(
        stores,
        this.#manifest.uids.slice(0, count).map((uid) => known(toUid(uid))),
        BENCH_DEVICE,
      );
    } finally {
      await stores.close();
    }
  }
}

/** Makes it if it is not there for this schema. */
export async function openDataset(): Promise<Dataset> {
  const folder = join(tmpdir(), `sailplane-bench-${await schemaVersion()}-${ROW_COUNT}`);
  const file = join(folder, 'manifest.json');
  const existing = await readFile(file, 'utf8').catch(() => undefined);
  if (existing !== undefined) return new Dataset(join(folder, 'data'), JSON.parse(existing) as Manifest);
  await rm(folder, { recursive: true, force: true });
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(join(part, 'data'), { recursive: true });
  console.log(`making ${ROW_COUNT} rows in ${folder} …`);
  const stores = await openForSeeding(join(part, 'data'));
  const uids = await seedUsers(stores, USER_COUNT);
  await fill(stores, uids);
  const { epoch } = await stores.messages.probed();
  await stores.close();
  await writeFile(join(part, 'manifest.json'), JSON.stringify({ epoch, uids }));
  await rename(part, folder);
  return openDataset();
}

/** Another schema makes another dataset. */
async function schemaVersion(): Promise<string> {
  const sql = join(await packageRoot(), 'sql/sqlite');
  const hash = createHash('sha256');
  for (const name of (await readdir(sql)).sort()) hash.update(await readFile(join(sql, name)));
  return hash.digest('hex').slice(0, 12);
}

/** All conversations grow side by side, as they do in life: neighbouring rows belong to different people. */
async function fill(stores: SqliteStores, uids: readonly Uid[]): Promise<void> {
  const pairs = Array.from(
    { length: uids.length / 2 },
    (_, index) => [uids[index * 2], uids[index * 2 + 1]] as const,
  );
  const { first } = await stores.ids.leaseMids(ROW_COUNT);
  let mid: number = first;
  let batch: AppendRequest[] = [];
  for (let round = 0; round < ROWS_PER_PAIR; round++) {
    for (const [one, other] of pairs) {
      if (one === undefined || other === undefined) continue;
      const [from, to] = round % 2 === 0 ? [one, other] : [other, one];
      batch.push(rowOf([from, to], mid++));
      if (batch.length < ROWS_PER_BATCH) continue;
      await appendRows(stores, batch);
      batch = [];
    }
  }
  if (batch.length > 0) await appendRows(stores, batch);
  await markAll(stores, pairs);
}

/** A message of 64 bytes between two of them. */
export function rowOf([from, to]: readonly [from: Uid, to: Uid], mid: number): AppendRequest {
  return {
    conv: chatConversation(from, to),
    event: {
      kind: EVENT_KIND.message,
      from,
      device: known(toDevice(BENCH_DEVICE)),
      to,
      clientId: `seed-${mid}`,
      mid: known(toMid(mid)),
      midIsClaimed: false,
      type: 1,
      content: `row ${mid} `.padEnd(CONTENT_BYTES, '.'),
      sentAtMs: 0,
    },
  };
}

/** Throws where one of them was not stored. */
export async function appendRows(stores: SqliteStores, batch: readonly AppendRequest[]): Promise<void> {
  const results = await stores.messages.append(batch);
  if ('refused' in results) throw new Error(results.cause);
  const bad = results.find(({ outcome }) => outcome !== 'stored');
  if (bad !== undefined) throw new Error(`a row was not stored: ${JSON.stringify(bad)}`);
}

/** Everybody has everything: nobody fetches old rows when the measure begins. */
async function markAll(
  stores: SqliteStores,
  pairs: readonly (readonly (Uid | undefined)[])[],
): Promise<void> {
  for (const [one, other] of pairs) {
    if (one === undefined || other === undefined) continue;
    const common = { device: known(toDevice(BENCH_DEVICE)), conv: chatConversation(one, other), read: true };
    const range = { from: known(toSeq(1)), to: known(toSeq(ROWS_PER_PAIR)) };
    await stores.messages.mark([one, other].map((uid) => ({ ...common, ...range, uid })));
  }
}
