/**
 * Finds the lost last message of a quiet conversation: clients say now and then what they know (a count and a
 * sum), the store is asked for many of them at once, and who lacks something is told. He then waits for what is
 * under way and fetches the rest by himself.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { Logger } from '../../pkg/log/logger.js';
import type { Uid } from '../message/ids.js';
import type { DownFrame, SyncCursor } from '../message/message.js';
import type { Client } from './client.js';
import type { CursorReader } from './interface.js';

export const TAIL_CHECK_OPTIONS = {
  tailWaitMs: integer(200, 'ms', { min: 1, max: 10_000 }, 'How long cursors are gathered for one query.'),
  tailBatchCount: integer(1000, 'count', { min: 1, max: 100_000 }, 'Connections asked about in one query.'),
  tailQueueCount: integer(
    20_000,
    'count',
    { min: 1, max: 1_000_000 },
    'Connections that wait for it; more are not looked at (counted), and say it again a minute later.',
  ),
} as const;

export type TailCheckOptions = OptionsOf<typeof TAIL_CHECK_OPTIONS>;

export interface TailCheckDeps {
  readonly cursors: CursorReader;
  readonly logger: Logger;
  readonly send: (client: Client, frame: DownFrame) => void;
}

export class TailCheck {
  readonly #options: TailCheckOptions;
  readonly #deps: TailCheckDeps;
  /** In order of arrival; a later cursor of the same client takes the place of the earlier. */
  readonly #waiting = new Map<Client, SyncCursor>();
  /** Gathering, or a query under way: there is one of both at a time. */
  #isBusy = false;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #checkedCount = 0;
  #foundCount = 0;
  #droppedCount = 0;

  constructor(options: TailCheckOptions, deps: TailCheckDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Cursors compared with the store. */
  get checkedCount(): number {
    return this.#checkedCount;
  }

  /** Those that lacked something. */
  get foundCount(): number {
    return this.#foundCount;
  }

  /** Those that were not looked at: no room, or the store did not answer. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  enqueue(client: Client, cursor: SyncCursor): void {
    if (this.#isStopped) return;
    if (!this.#waiting.has(client) && this.#waiting.size >= this.#options.tailQueueCount) {
      this.#droppedCount++;
      return;
    }
    this.#waiting.set(client, cursor);
    this.#gather();
  }

  forget(client: Client): void {
    if (this.#waiting.size > 0) this.#waiting.delete(client);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #gather(): void {
    if (this.#isBusy || this.#isStopped || this.#waiting.size === 0) return;
    this.#isBusy = true;
    this.#timer = setTimeout(() => void this.#check(), this.#options.tailWaitMs);
    this.#timer.unref();
  }

  /** Never rejects. */
  async #check(): Promise<void> {
    const batch = this.#takeBatch();
    try {
      const uids = new Set<Uid>();
      for (const [{ uid }] of batch) if (uid !== undefined) uids.add(uid);
      const cursors = await this.#deps.cursors.cursors([...uids]);
      const byUid = new Map(cursors.map((cursor) => [cursor.uid, cursor]));
      for (const [client, said] of batch) this.#compare(client, said, byUid);
    } catch (error) {
      this.#droppedCount += batch.length;
      this.#deps.logger.warn({ err: error, count: batch.length }, 'cursors could not be compared');
    }
    this.#isBusy = false;
    this.#gather();
  }

  #takeBatch(): readonly (readonly [Client, SyncCursor])[] {
    const batch: (readonly [Client, SyncCursor])[] = [];
    for (const entry of this.#waiting) {
      if (batch.length >= this.#options.tailBatchCount) break;
      batch.push(entry);
      this.#waiting.delete(entry[0]);
    }
    return batch;
  }

  #compare(client: Client, said: SyncCursor, byUid: ReadonlyMap<Uid, SyncCursor>): void {
    this.#checkedCount++;
    const stored = client.uid === undefined ? undefined : byUid.get(client.uid);
    if (stored === undefined || client.isClosed || client.closing !== undefined) return;
    const { count, sum } = stored;
    if (count <= said.count && sum <= said.sum) return;
    this.#foundCount++;
    this.#deps.send(client, { kind: 'sync', conversations: [], cursor: { count, sum } });
  }
}
