/**
 * What the disk alone costs, pinned as the server is: the floor under the ack of a single sender. One commit of
 * one message writes four to six pages to the write-ahead log and flushes once.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chatConversation } from '../im/message/conversation.js';
import { known, toDevice, toMid, toUid } from '../im/message/ids.js';
import { EVENT_KIND } from '../im/message/message.js';
import { SqliteDatabase } from '../pkg/db/sqlite_database.js';
import { sqliteCalls } from '../service/store/sqlite_calls.js';
import { packBatch } from '../service/store/flat_batch.js';
import { SERVER_CORE } from './bench_server.js';
import { openDataset } from './dataset.js';
import type { Rows } from './results.js';

const ROUNDS = 1000;
/** A page of the write-ahead log with its header. */
const PAGE_BYTES = 4120;
const LOG_PAGES = 1000;
const CONTENT = 'x'.repeat(64);

export async function measureFlush(): Promise<Rows> {
  execFileSync('taskset', ['-cp', String(SERVER_CORE), String(process.pid)]);
  const dataset = await openDataset();
  const folder = await mkdtemp(join(tmpdir(), 'sailplane-bench-flush-'));
  try {
    await cp(dataset.dataDir, folder, { recursive: true });
    const [sender, receiver] = dataset.uids;
    if (sender === undefined || receiver === undefined) throw new RangeError('no users');
    return [
      ['write and flush 1 page, p50', ms(bareFlush(join(folder, 'bare'), 1))],
      ['write and flush 4 pages, p50', ms(bareFlush(join(folder, 'bare'), 4))],
      ['append of one message without threads, flushed, p50', ms(append(folder, 'FULL', sender, receiver))],
      ['the same without flush, p50', ms(append(folder, 'OFF', sender, receiver))],
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In place, as the log is written once it has its size. */
function bareFlush(path: string, pages: number): number {
  const file = openSync(path, 'w+');
  const page = Buffer.alloc(PAGE_BYTES, 1);
  for (let index = 0; index < LOG_PAGES; index++) writeSync(file, page, 0, PAGE_BYTES, index * PAGE_BYTES);
  fsyncSync(file);
  const p50 = median((round) => {
    for (let index = 0; index < pages; index++) {
      writeSync(file, page, 0, PAGE_BYTES, ((round * pages + index) % LOG_PAGES) * PAGE_BYTES);
    }
    fsyncSync(file);
  });
  closeSync(file);
  return p50;
}

function append(folder: string, synchronous: 'FULL' | 'OFF', sender: number, receiver: number): number {
  const db = new SqliteDatabase({
    path: join(folder, 'sailplane.db'),
    synchronous,
    busyTimeoutMs: 1000,
    cacheBytes: 64 << 20,
    walAutocheckpointPages: 1000,
    maxPageCount: 0,
    queryOnly: false,
  });
  try {
    const calls = sqliteCalls(db, Date.now);
    const [from, to] = [known(toUid(sender)), known(toUid(receiver))];
    const common = {
      kind: EVENT_KIND.message,
      from,
      to,
      device: known(toDevice(5)),
      type: 1,
      content: CONTENT,
      sentAtMs: 0,
    };
    const { first } = calls.leaseMids(ROUNDS);
    return median((round) => {
      const clientId = `${Date.now().toString(36)}-${synchronous}-${round}`;
      const event = { ...common, clientId, mid: known(toMid(first + round)), midIsClaimed: false };
      const result = calls.append(packBatch([{ conv: chatConversation(from, to), event }]));
      if ('refused' in result || result.numbers[0] !== 0) throw new Error('a row was not stored');
    });
  } finally {
    db.close();
  }
}

function median(work: (round: number) => void): number {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedAtMs = performance.now();
    work(round);
    times.push(performance.now() - startedAtMs);
  }
  return times.sort((one, other) => one - other)[ROUNDS / 2] ?? NaN;
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}
