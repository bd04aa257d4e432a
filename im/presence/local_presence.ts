/**
 * Presence in one process: the gateway says who comes and goes, subscribers are told of changes only, and when
 * somebody was seen last is written behind.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import { imError } from '../errors.js';
import type { Device, Uid } from '../message/ids.js';
import type { PresenceStore } from '../store/people_interface.js';
import type { Presence, PresenceSink, PresenceState } from './interface.js';
import { LastSeenWriter } from './last_seen_writer.js';
import { OnlineUsers } from './online_users.js';
import { PresenceTeller } from './presence_teller.js';
import { PresenceRights, type PresenceRightsDeps } from './presence_rights.js';
import { Subscriptions, type Subscriber } from './subscriptions.js';

export const PRESENCE_OPTIONS = {
  presenceDebounceMs: integer(
    3000,
    'ms',
    { min: 0, max: 600_000 },
    'Whoever comes back within this time after losing his last connection was never away, as others see it.',
  ),
  presenceSaveMs: integer(
    5000,
    'ms',
    { min: 10, max: 600_000 },
    'How often the times of those who left are written, all in a few transactions.',
  ),
  presenceOnlineSaveMs: integer(
    300_000,
    'ms',
    { min: 10, max: 86_400_000 },
    'How often that is noted of everybody who is connected: what a crash may take off «last seen».',
  ),
  presenceSubscriptionCount: integer(
    500,
    'count',
    { min: 1, max: 10_000 },
    'Users whose presence one device may subscribe to.',
  ),
  presenceSubscriptionTotal: integer(
    1_000_000,
    'count',
    { min: 1, max: 100_000_000 },
    'The same over all devices, some 100 bytes each; beyond it new subscriptions are refused for the time being.',
  ),
  presenceUnsavedCount: integer(
    100_000,
    'count',
    { min: 1, max: 10_000_000 },
    'Last seen times that wait for a store that takes no writes; beyond it the oldest is let go.',
  ),
} as const;
export type PresenceOptions = OptionsOf<typeof PRESENCE_OPTIONS>;

export interface LocalPresenceDeps extends PresenceRightsDeps {
  readonly store: PresenceStore;
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly logger: Logger;
  /** Of the day. */
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

/** Numbers for metrics; totals count since the start. */
export interface PresenceStats {
  readonly onlineCount: number;
  readonly leavingCount: number;
  readonly subscriptionCount: number;
  readonly untoldCount: number;
  readonly unsavedCount: number;
  readonly toldCount: number;
  readonly savedCount: number;
  readonly droppedCount: number;
}

export class LocalPresence implements Presence, PresenceSink {
  /** As a part of the process. */
  readonly name = 'presence';
  readonly #options: PresenceOptions;
  readonly #deps: LocalPresenceDeps;
  readonly #users: OnlineUsers;
  readonly #subscriptions: Subscriptions;
  readonly #lastSeen: LastSeenWriter;
  readonly #rights: PresenceRights;
  readonly #teller: PresenceTeller;
  #goneTimer: NodeJS.Timeout | undefined;
  #saveTimer: NodeJS.Timeout | undefined;
  #onlineTimer: NodeJS.Timeout | undefined;

  constructor(options: PresenceOptions, deps: LocalPresenceDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#users = new OnlineUsers(options.presenceDebounceMs);
    this.#subscriptions = new Subscriptions(options);
    this.#lastSeen = new LastSeenWriter(options, deps);
    this.#rights = new PresenceRights(deps);
    this.#teller = new PresenceTeller({
      ...{ ...deps, subscriptions: this.#subscriptions, rights: this.#rights },
      stateOf: async (uid) => this.#stateOf(uid, await this.#seenAtMs([uid])),
    });
  }

  stats(): PresenceStats {
    return {
      onlineCount: this.#users.onlineCount,
      leavingCount: this.#users.leavingCount,
      subscriptionCount: this.#subscriptions.count,
      untoldCount: this.#teller.untoldCount,
      unsavedCount: this.#lastSeen.unsavedCount,
      toldCount: this.#teller.toldCount,
      savedCount: this.#lastSeen.savedCount,
      droppedCount: this.#lastSeen.droppedCount,
    };
  }

  start(): void {
    const { presenceSaveMs, presenceOnlineSaveMs } = this.#options;
    this.#saveTimer = setInterval(() => void this.#lastSeen.flush(), presenceSaveMs);
    this.#onlineTimer = setInterval(() => this.#noteOnline(), presenceOnlineSaveMs);
  }

  /** After the gateway: whoever is left has gone now. */
  async close(): Promise<void> {
    clearInterval(this.#saveTimer);
    clearInterval(this.#onlineTimer);
    clearTimeout(this.#goneTimer);
    for (const { uid, atMs } of this.#users.takeGone(Infinity)) this.#lastSeen.note(uid, atMs);
    this.#noteOnline();
    await this.#teller.close();
    // One may be under way, which has not seen these.
    await this.#lastSeen.flush();
    await this.#lastSeen.flush();
  }

  came(uid: Uid, device: Device): void {
    if (this.#users.came(uid, device)) this.#teller.changed(uid);
  }

  went(uid: Uid, device: Device): void {
    const { nowMs, monotonicMs } = this.#deps;
    if (!this.#users.went(uid, device, { atMs: nowMs(), monotonicMs: monotonicMs() })) return;
    this.#subscriptions.end({ uid, device });
    this.#watchLeaving();
  }

  async subscribe(subscriber: Subscriber, uids: readonly Uid[]): Promise<readonly PresenceState[]> {
    const targets = [...new Set(uids)];
    if (targets.length > this.#options.presenceSubscriptionCount) throw imError('TOO_MANY_SUBSCRIPTIONS');
    const known = await this.#rights.known(subscriber.uid, targets);
    const seenAtMs = await this.#seenAtMs([...known]);
    // From here on without a wait: what changes from now on is told, and what changed before is in the answer.
    const { uid, device } = subscriber;
    if (this.#users.hasDevice(uid, device) && !this.#subscriptions.replace(subscriber, [...known]))
      throw imError('TOO_MANY_SUBSCRIPTIONS', 'in all', { temporary: true });
    return targets.map((target) => (known.has(target) ? this.#stateOf(target, seenAtMs) : hidden(target)));
  }

  async watch(subscriber: Subscriber, target: Uid): Promise<PresenceState> {
    const known = await this.#rights.known(subscriber.uid, [target]);
    if (!known.has(target)) return hidden(target);
    const seenAtMs = await this.#seenAtMs([target]);
    // As above: without a wait.
    if (this.#users.hasDevice(subscriber.uid, subscriber.device)) this.#subscriptions.add(subscriber, target);
    return this.#stateOf(target, seenAtMs);
  }

  async states(asker: Uid, uids: readonly Uid[]): Promise<readonly PresenceState[]> {
    const targets = [...new Set(uids)];
    const seenAtMs = await this.#seenAtMs(targets);
    const states = targets.map((target) => this.#stateOf(target, seenAtMs));
    // Of whom there is nothing to be told it does not matter who may be told.
    const telling = states.filter(({ online, lastSeenAtMs }) => online || lastSeenAtMs > 0);
    const known = await this.#rights.known(
      asker,
      telling.map(({ uid }) => uid),
    );
    return states.map((state) => (known.has(state.uid) ? state : hidden(state.uid)));
  }

  async online(asker: Uid, uids: readonly Uid[]): Promise<readonly PresenceState[]> {
    const there = [...new Set(uids)].filter((uid) => this.#users.isOnline(uid));
    if (there.length === 0) return [];
    const known = await this.#rights.known(asker, there);
    return there.filter((uid) => known.has(uid)).map((uid) => ({ uid, online: true, lastSeenAtMs: 0 }));
  }

  rightsChanged(uids: readonly Uid[]): void {
    for (const uid of uids) this.#teller.rightsChanged(uid);
  }

  /** One timer for all who are leaving: the one who left first is the first to be gone. */
  #watchLeaving(): void {
    if (this.#goneTimer !== undefined) return;
    const waitMs = this.#users.nextGoneMs(this.#deps.monotonicMs());
    if (waitMs === undefined) return;
    this.#goneTimer = setTimeout(() => {
      this.#goneTimer = undefined;
      for (const { uid, atMs } of this.#users.takeGone(this.#deps.monotonicMs())) {
        this.#lastSeen.note(uid, atMs);
        this.#teller.changed(uid);
      }
      this.#watchLeaving();
    }, waitMs);
  }

  #noteOnline(): void {
    const nowMs = this.#deps.nowMs();
    for (const uid of this.#users.uids()) this.#lastSeen.note(uid, nowMs);
  }

  #stateOf(uid: Uid, seenAtMs: ReadonlyMap<Uid, number>): PresenceState {
    if (this.#users.isOnline(uid)) return { uid, online: true, lastSeenAtMs: 0 };
    return { uid, online: false, lastSeenAtMs: this.#lastSeen.unsavedAtMs(uid) ?? seenAtMs.get(uid) ?? 0 };
  }

  /** Of those who are not there. */
  async #seenAtMs(uids: readonly Uid[]): Promise<ReadonlyMap<Uid, number>> {
    const away = uids.filter((uid) => !this.#users.isOnline(uid));
    if (away.length === 0) return new Map();
    const rows = await this.#deps.store.lastSeen(away);
    const stored = new Map(rows.map(({ uid, atMs }) => [uid, atMs]));
    for (const uid of away) {
      const unsaved = this.#lastSeen.unsavedAtMs(uid);
      if (unsaved !== undefined) stored.set(uid, unsaved);
    }
    return stored;
  }
}

function hidden(uid: Uid): PresenceState {
  return { uid, online: false, lastSeenAtMs: 0 };
}
