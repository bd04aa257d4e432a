/**
 * Gives an old client what it lacks, page by page from the store as its socket drains: all that its device has
 * missed after a sign-in (legacy profile: of its groups), the hole before a push, what was let go at a full queue. Events that come
 * meanwhile are not kept: they are in the store, and so in a later page.
 */
import type { ConversationName } from '../../message/conversation.js';
import { known, toSeq, type Seq, type Uid } from '../../message/ids.js';
import type { ChatEvent } from '../../message/message.js';
import type { Client } from '../client.js';
import { SharedFrame } from '../shared_frame.js';
import type { AwaitedReceipts } from './awaited_receipts.js';
import type { EventPusher } from './event_pusher.js';
import type { OldClient, OldSdkOptions } from './old_client.js';
import type { StorePages } from './store_pages.js';

export interface CatchUpDeps {
  readonly pages: StorePages;
  readonly pusher: EventPusher;
  readonly awaited: AwaitedReceipts;
  /** What was acknowledged is on its way to the store for a while. Never rejects. */
  readonly receipts: { written(uids: readonly Uid[]): Promise<void> };
}

const NOTHING: ReadonlyMap<ConversationName, Seq> = new Map();

export class CatchUp {
  readonly #options: OldSdkOptions;
  readonly #deps: CatchUpDeps;
  /** Events that were pushed from a page. */
  pagedCount = 0;

  constructor(options: OldSdkOptions, deps: CatchUpDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** From here on everything that the device has missed, in all conversations or in its groups. */
  startPaging(old: OldClient, which: 'groups' | 'all'): void {
    old.pagesOnlyGroups = which === 'groups' && (!old.isPaging || old.pagesOnlyGroups);
    if (old.isPaging) return;
    old.isPaging = true;
    // To be given a message once, each conversation of these pages has to be remembered until they end.
    old.positions.remember(Infinity, Infinity);
  }

  /** Reads and pushes until nothing is missing or the queue is half full. Safe to call at any time, and cheap. */
  fill(client: Client, old: OldClient): void {
    if (!old.isWanting || old.isReading || !mayPush(client, old) || this.#isAhead(client, old)) return;
    old.isReading = true;
    void this.#run(client, old);
  }

  /** Never rejects. */
  async #run(client: Client, old: OldClient): Promise<void> {
    let goesOn = true;
    while (goesOn && old.isWanting && mayPush(client, old) && !this.#isAhead(client, old)) {
      goesOn = await (old.isPaging ? this.#pageAll(client, old) : this.#pageOne(client, old));
    }
    old.isReading = false;
  }

  /**
   * Whoever acknowledges message by message is given the next page when he has acknowledged most of the last one, so
   * that of each it is known what it was; if none of them come, a while later.
   */
  #isAhead({ profile }: Client, { isPaging, unacked, pagedAtMs }: OldClient): boolean {
    if (!isPaging || profile !== 'legacy' || unacked.count <= this.#options.oldSdkUnacked / 2) return false;
    return performance.now() < pagedAtMs + this.#options.oldSdkFirstRepushMs;
  }

  /** False where it is not worth asking again now: no room, or no answer. */
  async #pageAll(client: Client, old: OldClient): Promise<boolean> {
    if (old.positions.inOrderCount >= this.#options.oldSdkPagedConversations) {
      this.#endPaging(old);
      old.positions.forgot(old.pagesOnlyGroups ? 'groups' : 'all');
      return true;
    }
    old.pageBegins();
    const events = await this.#read(
      client,
      old,
      old.positions.passed(),
      old.pagesOnlyGroups ? 'groups' : undefined,
    );
    if (events === undefined || !mayPush(client, old)) return false;
    old.pagedAtMs = performance.now();
    if (events.length > 0) return this.#push(client, old, events);
    // Read again, unless all that came since the page was read is remembered.
    if (!old.mustPageAgain) this.#endPaging(old);
    return true;
  }

  #endPaging(old: OldClient): void {
    old.isPaging = false;
    old.mustPageAgain = false;
    const { oldSdkConversations, oldSdkBusyConversations } = this.#options;
    old.positions.remember(oldSdkConversations, oldSdkBusyConversations);
  }

  async #pageOne(client: Client, old: OldClient): Promise<boolean> {
    const { positions } = old;
    const conv = positions.nextBehind();
    if (conv === undefined) return false;
    const passed = positions.pushedTo(conv);
    const missedTo = positions.missedTo(conv);
    const from = passed === undefined ? NOTHING : new Map([[conv, passed]]);
    const events = await this.#read(client, old, from, conv);
    if (events === undefined || !mayPush(client, old)) return false;
    // Nothing there for this device: its own messages, or what has expired.
    if (events.length === 0) positions.pushed(conv, missedTo);
    const goesOn = this.#push(client, old, events);
    positions.postpone(conv);
    return goesOn;
  }

  async #read(
    client: Client,
    old: OldClient,
    passed: ReadonlyMap<ConversationName, Seq>,
    only?: ConversationName | 'groups',
  ): Promise<readonly ChatEvent[] | undefined> {
    const { uid, device, profile } = client;
    if (uid === undefined) return undefined;
    const { oldSdkPageCount, oldSdkPageBytes: bytes, oldSdkUnacked } = this.#options;
    const count =
      profile === 'legacy' ? Math.min(oldSdkPageCount, Math.ceil(oldSdkUnacked / 2)) : oldSdkPageCount;
    const limits = { count, bytes };
    // Who is back within a second is not given again what he acknowledged just before.
    if (passed.size === 0) await this.#deps.receipts.written([uid]);
    // Of those that wait here many may be gone: only the others take one of the few places.
    if (!mayPush(client, old)) return undefined;
    return this.#deps.pages.read((store) => store.offlinePage(uid, device, passed, limits, only));
  }

  /** False where one did not fit: the next page begins with it. */
  #push(client: Client, old: OldClient, events: readonly ChatEvent[]): boolean {
    const { positions, unacked } = old;
    for (const event of events) {
      const { conv, seq, mid } = event;
      if (seq <= (positions.pushedTo(conv) ?? 0)) continue;
      if (!unacked.wasPushed(mid)) {
        const after = known(toSeq(seq - 1));
        const shared = new SharedFrame({ kind: 'push', event, after });
        if (!this.#deps.pusher.tryPush(client, shared)) return false;
        this.pagedCount++;
        // Whoever wrote while this device was away has been told so, or that another one received it.
        const isTold = old.isPaging && !positions.isMissed(conv, seq);
        this.#deps.awaited.pushed(client, old, { event, shared, isTold });
      }
      positions.pushed(conv, seq);
    }
    return true;
  }
}

/** The connection is still the one that this was begun for, and takes more. */
export function mayPush(client: Client, old: OldClient): boolean {
  return (
    client.old === old && !client.isClosed && client.closing === undefined && client.outbound.isHalfEmpty
  );
}
