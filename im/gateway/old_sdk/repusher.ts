/**
 * Pushes again what an old client has not acknowledged in time, and wakes what waits for a store that did not
 * answer. One timer for all connections; a look costs one comparison for a client that owes nothing.
 */
import { isError } from '../../errors.js';
import { known, toSeq } from '../../message/ids.js';
import type { RangePage } from '../../store/interface.js';
import type { Client } from '../client.js';
import { SharedFrame } from '../shared_frame.js';
import { mayPush, type CatchUp } from './catch_up.js';
import type { EventPusher } from './event_pusher.js';
import type { OldClient, OldSdkOptions } from './old_client.js';
import type { ReceiptsByMid } from './receipts_by_mid.js';
import type { StorePages } from './store_pages.js';
import type { UnackedPush } from './unacked_pushes.js';

export interface RepusherDeps {
  readonly pages: StorePages;
  readonly pusher: EventPusher;
  readonly catchUp: CatchUp;
  readonly receipts: Pick<ReceiptsByMid, 'pay'>;
}

const LONGEST_TICK_MS = 1000;
/** Of the first pause: late by a fifth at most. */
const TICKS_PER_PAUSE = 5;

export class Repusher {
  readonly #options: OldSdkOptions;
  readonly #deps: RepusherDeps;
  /** Those that may have something unacknowledged or unread. */
  readonly #watched = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;
  repushedCount = 0;

  constructor(options: OldSdkOptions, deps: RepusherDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  start(): void {
    const tickMs = Math.min(LONGEST_TICK_MS, this.#options.oldSdkFirstRepushMs / TICKS_PER_PAUSE);
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  watch(client: Client): void {
    this.#watched.add(client);
  }

  forget(client: Client): void {
    this.#watched.delete(client);
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const client of this.#watched) {
      const { old } = client;
      if (old?.isOwing !== true) {
        this.#watched.delete(client);
        continue;
      }
      if (old.positions.isOver) old.positions.trim(nowMs, old.unacked.conversations());
      this.#deps.receipts.pay(client, old);
      this.#deps.catchUp.fill(client, old);
      this.#look(client, old, nowMs);
    }
  }

  #look(client: Client, old: OldClient, nowMs: number): void {
    // What is still in the queue cannot have been acknowledged.
    if (old.isReading || client.isWriting || !client.outbound.isEmpty || !mayPush(client, old)) return;
    const due = old.unacked.due(nowMs);
    if (due.length === 0) return;
    old.isReading = true;
    void this.#pushAgain(client, old, due);
  }

  /** Never rejects. `due` is of one conversation. */
  async #pushAgain(client: Client, old: OldClient, due: readonly UnackedPush[]): Promise<void> {
    const [page, markedTo] = await Promise.all([this.#read(client, due), this.#markedTo(client, due)]);
    old.isReading = false;
    for (const push of due) if (push.seq <= markedTo) old.unacked.forget(push);
    // What is forgotten here, or was acknowledged meanwhile, is not pushed.
    if (page !== undefined && mayPush(client, old)) this.#pushPage(client, old, due, page);
    this.#deps.catchUp.fill(client, old);
  }

  /** What the device has acknowledged in another way, which a pull over HTTP is, is in its mark. */
  async #markedTo({ uid, device }: Client, due: readonly UnackedPush[]): Promise<number> {
    const conv = due[0]?.conv;
    if (uid === undefined || conv === undefined) return 0;
    const rows = await this.#deps.pages.read((store) => store.conversations(uid, device, 1, conv));
    return rows?.[0]?.deviceSeq ?? 0;
  }

  async #read({ uid }: Client, due: readonly UnackedPush[]): Promise<RangePage | undefined> {
    const conv = due[0]?.conv;
    if (uid === undefined || conv === undefined) return undefined;
    const seqs = due.map(({ seq }) => seq);
    const [from, to] = [known(toSeq(Math.min(...seqs))), known(toSeq(Math.max(...seqs)))];
    const limits = { count: this.#options.oldSdkPageCount, bytes: this.#options.oldSdkPageBytes };
    return this.#deps.pages.read(async (store) => {
      try {
        return await store.range(uid, conv, from, to, limits);
      } catch (error) {
        if (!isError(error, 'EXPIRED')) throw error;
        return { conv, from, to, events: [], more: false, floor: to };
      }
    });
  }

  #pushPage(client: Client, old: OldClient, due: readonly UnackedPush[], page: RangePage): void {
    const { unacked } = old;
    const nowMs = performance.now();
    const events = new Map(page.events.map((event) => [event.seq, event]));
    for (const push of due) {
      // Acknowledged meanwhile, or in the page that the next look reads.
      if (!unacked.wasPushed(push.mid) || (page.more && push.seq > page.to)) continue;
      const event = events.get(push.seq);
      if (event === undefined) {
        unacked.giveUp(push);
        continue;
      }
      const after = known(toSeq(push.seq - 1));
      if (!this.#deps.pusher.tryPush(client, new SharedFrame({ kind: 'push', event, after }))) return;
      this.repushedCount++;
      unacked.pushedAgain(push, nowMs);
    }
  }
}
