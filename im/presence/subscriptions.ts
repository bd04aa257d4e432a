/** Which device wants to be told of whom: both ways, bounded by device and altogether. Nothing outlives the device. */
import type { Device, Uid } from '../message/ids.js';

export interface Subscriber {
  readonly uid: Uid;
  readonly device: Device;
}

export interface SubscriptionOptions {
  readonly presenceSubscriptionCount: number;
  readonly presenceSubscriptionTotal: number;
}

interface Entry extends Subscriber {
  readonly targets: Set<Uid>;
}

export class Subscriptions {
  readonly #options: SubscriptionOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #byTarget = new Map<Uid, Set<Entry>>();
  #count = 0;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
  }

  /** Pairs of a device and somebody it is told of. */
  get count(): number {
    return this.#count;
  }

  /** Replaces what the device had; false where it asks for too many, and then nothing changes. */
  replace(subscriber: Subscriber, targets: readonly Uid[]): boolean {
    const { presenceSubscriptionCount, presenceSubscriptionTotal } = this.#options;
    const before = this.#entries.get(keyOf(subscriber))?.targets.size ?? 0;
    if (targets.length > presenceSubscriptionCount) return false;
    if (this.#count - before + targets.length > presenceSubscriptionTotal) return false;
    this.end(subscriber);
    for (const target of targets) this.#add(subscriber, target);
    return true;
  }

  /** One more than the device had; false where that is too many, and then nothing changes. */
  add(subscriber: Subscriber, target: Uid): boolean {
    const { presenceSubscriptionCount, presenceSubscriptionTotal } = this.#options;
    const before = this.#entries.get(keyOf(subscriber))?.targets;
    if (before?.has(target) === true) return true;
    if ((before?.size ?? 0) >= presenceSubscriptionCount) return false;
    if (this.#count >= presenceSubscriptionTotal) return false;
    this.#add(subscriber, target);
    return true;
  }

  #add(subscriber: Subscriber, target: Uid): void {
    const key = keyOf(subscriber);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const { uid, device } = subscriber;
      entry = { uid, device, targets: new Set() };
      this.#entries.set(key, entry);
    }
    if (entry.targets.has(target)) return;
    entry.targets.add(target);
    this.#count++;
    const entries = this.#byTarget.get(target);
    if (entries === undefined) this.#byTarget.set(target, new Set([entry]));
    else entries.add(entry);
  }

  end(subscriber: Subscriber): void {
    const entry = this.#entries.get(keyOf(subscriber));
    if (entry === undefined) return;
    for (const target of [...entry.targets]) this.remove(subscriber, target);
  }

  remove(subscriber: Subscriber, target: Uid): void {
    const entry = this.#entries.get(keyOf(subscriber));
    if (entry?.targets.delete(target) !== true) return;
    this.#count--;
    if (entry.targets.size === 0) this.#entries.delete(keyOf(subscriber));
    const entries = this.#byTarget.get(target);
    entries?.delete(entry);
    if (entries?.size === 0) this.#byTarget.delete(target);
  }

  has(target: Uid): boolean {
    return this.#byTarget.has(target);
  }

  /** As they are now. */
  of(target: Uid): readonly Subscriber[] {
    return [...(this.#byTarget.get(target) ?? [])];
  }
}

function keyOf({ uid, device }: Subscriber): string {
  return `${uid}.${device}`;
}
