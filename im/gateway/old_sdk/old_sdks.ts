/**
 * The gateway's part for clients that cannot look after themselves (no `v`/`caps`): order, holes, repetition,
 * what they missed, and receipts by mid. Steps 8 and 9 of the message path for the two public SDKs.
 *
 *   live event ─► next in order and fits? ─► pushed, waits for its receipt ─► none: pushed again, twice
 *                     │ no                                                        client gone: «offline»
 *                     ▼
 *                 remembered as missed ─► read from the store as the socket drains ─► pushed
 */
import type { Logger } from '../../../pkg/log/logger.js';
import type { Dispatch } from '../../dispatch/interface.js';
import { groupOf, type ConversationName } from '../../message/conversation.js';
import type { Seq, Uid } from '../../message/ids.js';
import { EVENT_KIND, type ChatEvent, type DownFrame, type ReceiptUp } from '../../message/message.js';
import type { Messaging } from '../../messaging/interface.js';
import type { Client } from '../client.js';
import type { ClientDirectory } from '../client_directory.js';
import type { SharedFrame } from '../shared_frame.js';
import { UntoldPushes, type UntoldLimits, type UntoldTotal } from '../untold_pushes.js';
import { AwaitedReceipts } from './awaited_receipts.js';
import { CatchUp } from './catch_up.js';
import { Departures, type Left } from './departures.js';
import { EventPusher } from './event_pusher.js';
import { OldClient, type OldSdkOptions, type ReceiptDown } from './old_client.js';
import { ReceiptsByMid } from './receipts_by_mid.js';
import { Repusher } from './repusher.js';
import { StorePages, type OldSdkStore } from './store_pages.js';
import type { UnackedPush, UnackedTotal } from './unacked_pushes.js';
import { WrittenReceipts } from './written_receipts.js';

export interface OldSdksDeps {
  readonly store: OldSdkStore;
  /** Takes the receipts that some of them never send. */
  readonly messaging: Messaging;
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly directory: Pick<ClientDirectory, 'clientsOf'>;
  /** What was acknowledged before a page is read counts in it. Never rejects. */
  readonly receipts: { written(uids: readonly Uid[]): Promise<void> };
  readonly schedule: (client: Client) => void;
  readonly logger: Logger;
}

/** For metrics; totals count since the start. */
export interface OldSdkStats {
  /** Waiting for a receipt now. */
  readonly unackedCount: number;
  /** Not waited for any longer, because there were too many. */
  readonly forgottenCount: number;
  readonly pushedCount: number;
  /** Did not fit, and were read from the store when there was room. */
  readonly letGoCount: number;
  /** Receipts that neither fitted nor could be kept. */
  readonly droppedReceiptCount: number;
  readonly repushedCount: number;
  readonly pagedCount: number;
  readonly toldGoneCount: number;
  readonly readCount: number;
  readonly failedReadCount: number;
}

type Push = Extract<DownFrame, { kind: 'push' }>;

export class OldSdks {
  readonly #options: OldSdkOptions;
  readonly #deps: OldSdksDeps;
  readonly #total: UnackedTotal = { count: 0, forgottenCount: 0 };
  readonly #untoldTotal: UntoldTotal = { count: 0, droppedCount: 0 };
  readonly #untoldLimits: UntoldLimits;
  readonly #pages: StorePages;
  readonly #pusher: EventPusher;
  readonly #catchUp: CatchUp;
  readonly #receipts: ReceiptsByMid;
  readonly #repusher: Repusher;
  readonly #departures: Departures;
  readonly #written: WrittenReceipts;
  readonly #awaited: AwaitedReceipts;

  constructor(options: OldSdkOptions, deps: OldSdksDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#untoldLimits = { count: options.oldSdkUnacked, totalCount: options.oldSdkUnackedTotal };
    this.#pages = new StorePages(deps.store, options.oldSdkReads, deps.logger);
    this.#pusher = new EventPusher({ schedule: deps.schedule });
    this.#written = new WrittenReceipts(deps);
    this.#awaited = new AwaitedReceipts(this.#written);
    const parts = { pages: this.#pages, pusher: this.#pusher, awaited: this.#awaited };
    this.#catchUp = new CatchUp(options, {
      ...parts,
      receipts: {
        written: (uids) => {
          this.#written.tell();
          return deps.receipts.written(uids);
        },
      },
    });
    this.#receipts = new ReceiptsByMid(parts);
    this.#repusher = new Repusher(options, { ...parts, catchUp: this.#catchUp, receipts: this.#receipts });
    this.#departures = new Departures({ pages: this.#pages, dispatch: deps.dispatch, logger: deps.logger });
  }

  stats(): OldSdkStats {
    return {
      unackedCount: this.#total.count,
      forgottenCount: this.#total.forgottenCount + this.#untoldTotal.droppedCount,
      pushedCount: this.#pusher.pushedCount,
      letGoCount: this.#pusher.letGoCount,
      droppedReceiptCount: this.#receipts.droppedCount,
      repushedCount: this.#repusher.repushedCount,
      pagedCount: this.#catchUp.pagedCount,
      toldGoneCount: this.#departures.toldCount,
      readCount: this.#pages.readCount,
      failedReadCount: this.#pages.failedCount,
    };
  }

  start(): void {
    this.#repusher.start();
  }

  stop(): void {
    this.#repusher.stop();
    this.#written.stop();
  }

  /** Its sign-in has been answered. It is pushed what it missed; the legacy profile of groups only, and pulls chats by HTTP. */
  signedIn(client: Client): void {
    if (client.isModern) {
      if (client.old !== undefined) this.#inherit(client, this.#takeLeft(client));
      return;
    }
    const old = this.#of(client);
    // Whoever takes over a device is made heir of the connection that goes before its own sign-in is answered.
    if (old.hasPaged) return;
    old.hasPaged = true;
    this.#page(client, old, client.profile === 'legacy' ? 'groups' : 'all');
  }

  /** A logged event for this client: pushed now, or in its turn. */
  push(client: Client, { event, after }: Push, shared: SharedFrame): void {
    const old = this.#of(client);
    const { conv, seq } = event;
    const arrival = old.positions.arrived(conv, seq, after, startOf(client, old, { conv, after }));
    if (arrival === 'seen') return;
    if (old.isPaged(conv) || arrival === 'later' || !this.#pusher.tryPush(client, shared)) {
      return this.#miss(client, old, conv, seq);
    }
    old.positions.pushed(conv, seq);
    if (this.#awaited.pushed(client, old, { event, shared, isTold: false })) this.#repusher.watch(client);
  }

  /** Of a group: what came up to `seq` was not pushed, and is to be read from the store. */
  skipped(client: Client, conv: ConversationName, seq: Seq): void {
    this.#miss(client, this.#of(client), conv, seq);
  }

  /** Of a group that is muted: if more of it is pushed, or read, what was withheld comes first. */
  withheld(client: Client, conv: ConversationName): void {
    this.#of(client).positions.withheld(conv);
  }

  /** A modern client finds holes itself; only for its senders is remembered what it has not acknowledged. */
  willPush(client: Client, { kind, conv, seq, from }: ChatEvent): void {
    if (kind === EVENT_KIND.message && from !== client.uid) this.#untoldOf(client).add(conv, seq, seq);
  }

  /** Somebody has received its messages. A read for it, if one is needed; never rejects. */
  pushReceipt(client: Client, frame: ReceiptDown, shared: SharedFrame): Promise<void> | undefined {
    const old = this.#of(client);
    const read = this.#receipts.push(client, old, shared, frame);
    if (old.owedReceipts.size > 0) this.#repusher.watch(client);
    return read;
  }

  /** Its own message was stored, and answered. */
  stored(client: Client, conv: ConversationName, seq: Seq): void {
    client.old?.positions.sentOwn(conv, seq);
  }

  /** A receipt of any client: what an old one names by its mid alone is named in full, where it was pushed here. */
  receipt(client: Client, frame: ReceiptUp): ReceiptUp {
    if (frame.by === 'mids') {
      const named = frame.mids.map((mid) => this.receipt(client, { kind: 'receipt', by: 'mid', mid }));
      const messages = named.flatMap((one) => (one.by === 'pushed' ? one.messages : []));
      if (named.every(({ by }) => by === 'pushed')) return { kind: 'receipt', by: 'pushed', messages };
      // Looked up by their mids; what came with those that are known here is told by itself.
      this.#written.received(
        client,
        messages.filter(({ mid }) => !frame.mids.includes(mid)),
      );
      return frame;
    }
    const pushed = frame.by === 'mid' ? client.old?.unacked.acked(frame.mid) : undefined;
    if (client.uid !== undefined) this.#received(client, client.uid, frame, pushed);
    if (client.old !== undefined) this.#catchUp.fill(client, client.old);
    if (pushed === undefined) return frame;
    const { mid, conv, seq, from, clientId } = pushed;
    // Pushed by another connection of his, it tells nothing of what this one was pushed before it.
    const before = pushed.pushCount > 0 ? this.#written.takeBefore(client, pushed) : [];
    const messages = [...before, { mid, conv, seq, from, clientId }];
    return { kind: 'receipt', by: 'pushed', messages };
  }

  /** The kernel has taken a write of its queue. */
  drained(client: Client): void {
    if (client.old === undefined) return;
    this.#receipts.pay(client, client.old);
    this.#catchUp.fill(client, client.old);
  }

  /** It is in the directory no more. */
  gone(client: Client): void {
    const { uid, old, untold } = client;
    this.#repusher.forget(client);
    this.#written.gone(client);
    if (uid === undefined || (old === undefined && untold === undefined)) return;
    const left = this.#takeLeft(client);
    const others = this.#deps.directory.clientsOf(uid);
    const heir = others.find((other) => !other.isModern) ?? others[0];
    if (heir === undefined) this.#departures.tell(uid, left);
    else this.#inherit(heir, left);
  }

  /** What its senders would have to be told; it is looked after no more. */
  #takeLeft(client: Client): Left {
    const { old, untold } = client;
    const left = {
      pushes: old?.unacked.untold() ?? [],
      intervals: [...(untold?.intervals() ?? []), ...(old?.positions.missedIntervals() ?? [])].filter(isChat),
    };
    this.#repusher.forget(client);
    client.old = undefined;
    client.untold = undefined;
    old?.unacked.discard();
    untold?.discard();
    return left;
  }

  /** Another device of the user is there: should that one go too, it will be told for both. */
  #inherit(heir: Client, { pushes, intervals }: Left): void {
    for (const { conv, from, to } of intervals) this.#untoldOf(heir).add(conv, from, to);
    for (const push of pushes) {
      if (heir.isModern) this.#untoldOf(heir).add(push.conv, push.seq, push.seq);
      else this.#of(heir).unacked.adopt(push);
    }
  }

  #of(client: Client): OldClient {
    return (client.old ??= new OldClient(this.#options, this.#total, ({ conv, seq }) =>
      this.#untoldOf(client).add(conv, seq, seq),
    ));
  }

  #untoldOf(client: Client): UntoldPushes {
    return (client.untold ??= new UntoldPushes(this.#untoldLimits, this.#untoldTotal));
  }

  #page(client: Client, old: OldClient, which: 'groups' | 'all'): void {
    this.#catchUp.startPaging(old, which);
    this.#repusher.watch(client);
    this.#catchUp.fill(client, old);
  }

  #miss(client: Client, old: OldClient, conv: ConversationName, seq: Seq): void {
    this.#repusher.watch(client);
    // Beyond what the pages remember only those are, which are read one by one when the pages have ended.
    if (old.isPaging && old.positions.behindCount >= this.#options.oldSdkPagedConversations) {
      old.mustPageAgain = true;
      old.pagesOnlyGroups &&= old.isPaged(conv);
      return;
    }
    // More conversations are behind than are remembered: then all of them are looked through.
    if (!old.positions.missed(conv, seq)) return this.#page(client, old, 'all');
    this.#catchUp.fill(client, old);
  }

  /** The sender will know: no device of this user need tell him anything when it goes. */
  #received(client: Client, uid: Uid, frame: ReceiptUp, pushed: UnackedPush | undefined): void {
    for (const device of this.#deps.directory.clientsOf(uid)) {
      const { untold, old } = device;
      if (frame.by === 'interval') untold?.receivedTo(frame.conv, frame.to);
      else if (pushed !== undefined) untold?.receivedOne(pushed.conv, pushed.seq);
      if (device === client || old === undefined) continue;
      if (frame.by === 'mid') old.unacked.told(frame.mid);
      else if (frame.by === 'interval') old.unacked.toldBetween(frame.conv, frame.from, frame.to);
    }
  }
}

/**
 * Of chats the legacy profile pulls by HTTP what was there before it and is not pushed that: a conversation begins with
 * its first push. So does a group in both profiles once they have been given what they missed: a group's events come
 * in order and without holes. Where one may have been forgotten only the store's mark tells, as always elsewhere.
 */
function startOf(
  { profile }: Client,
  { positions, isPaging }: OldClient,
  { conv, after }: { readonly conv: ConversationName; readonly after: Seq },
): Seq | undefined {
  if (positions.hasForgotten(conv)) return undefined;
  return (groupOf(conv) === undefined ? profile === 'legacy' : !isPaging) ? after : undefined;
}

/** Of groups nobody is told that a member went away. */
function isChat({ conv }: { readonly conv: ConversationName }): boolean {
  return groupOf(conv) === undefined;
}
