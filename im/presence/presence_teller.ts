/**
 * Tells subscribers what has changed: one user after the other, as he is when it is told. What they may know is asked
 * again each time; whoever may not hears «offline, never seen» once, and his subscription is over. He hears it when
 * that changes: said at the next coming or going it would tell him of that.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import type { Delivery } from '../gateway/interface.js';
import type { Uid } from '../message/ids.js';
import type { PresenceState } from './interface.js';
import type { PresenceRights } from './presence_rights.js';
import type { Subscriber, Subscriptions } from './subscriptions.js';

export interface PresenceTellerDeps {
  readonly subscriptions: Subscriptions;
  readonly rights: PresenceRights;
  readonly stateOf: (uid: Uid) => Promise<PresenceState>;
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly logger: Logger;
}

/** Subscribers in one delivery. */
const TELL_COUNT = 500;

export class PresenceTeller {
  readonly #deps: PresenceTellerDeps;
  /** Changed and not told yet; only such as somebody subscribed to. True: he came or went; false: who may know of him. */
  readonly #untold = new Map<Uid, boolean>();
  #isTelling = false;
  #telling: Promise<void> = Promise.resolve();
  #toldCount = 0;

  constructor(deps: PresenceTellerDeps) {
    this.#deps = deps;
  }

  get untoldCount(): number {
    return this.#untold.size;
  }

  get toldCount(): number {
    return this.#toldCount;
  }

  /** He came or went. */
  changed(uid: Uid): void {
    this.#add(uid, true);
  }

  /** Only those are told who may know no longer. */
  rightsChanged(uid: Uid): void {
    this.#add(uid, false);
  }

  #add(uid: Uid, isState: boolean): void {
    if (!this.#deps.subscriptions.has(uid)) return;
    this.#untold.set(uid, isState || this.#untold.get(uid) === true);
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#telling = this.#tellAll();
  }

  /** Lets go what is not told yet. */
  async close(): Promise<void> {
    this.#untold.clear();
    await this.#telling;
  }

  /** Never rejects: who is not told finds it by his next look. */
  async #tellAll(): Promise<void> {
    // After this turn's other changes.
    await new Promise((resolve) => setImmediate(resolve));
    for (const [uid, isState] of this.#untold) {
      this.#untold.delete(uid);
      try {
        const subscribers = this.#deps.subscriptions.of(uid);
        for (let start = 0; start < subscribers.length; start += TELL_COUNT)
          await this.#tell(uid, isState, subscribers.slice(start, start + TELL_COUNT));
      } catch (error) {
        this.#deps.logger.warn({ err: error, uid }, 'presence could not be told');
      }
    }
    this.#isTelling = false;
  }

  async #tell(uid: Uid, isState: boolean, subscribers: readonly Subscriber[]): Promise<void> {
    const { rights, stateOf, subscriptions, dispatch } = this.#deps;
    const askers = [...new Set(subscribers.map((subscriber) => subscriber.uid))];
    const audience = await rights.audience(uid, askers);
    const state = await stateOf(uid);
    const told = isState ? subscribers.filter((subscriber) => audience.has(subscriber.uid)) : [];
    const shut = subscribers.filter((subscriber) => !audience.has(subscriber.uid));
    for (const subscriber of shut) subscriptions.remove(subscriber, uid);
    const deliveries: Delivery[] = [];
    if (told.length > 0) deliveries.push(deliveryOf(state, told));
    if (shut.length > 0) deliveries.push(deliveryOf({ uid, online: false, lastSeenAtMs: 0 }, shut));
    if (deliveries.length > 0) await dispatch.deliver(deliveries);
    this.#toldCount += told.length;
  }
}

function deliveryOf(state: PresenceState, subscribers: readonly Subscriber[]): Delivery {
  const recipients = subscribers.map(({ uid, device }) => ({ uid, onlyDevice: device }));
  return { frame: { kind: 'presence', ...state }, recipients };
}
