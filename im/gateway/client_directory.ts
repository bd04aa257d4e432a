/**
 * Which connections are signed in as whom: uid → devices, one connection per (uid, device). Decides who survives
 * when two claim the same device: the newer token; of two with the same token, the later sign-in.
 */
import type { Device, Uid } from '../message/ids.js';
import type { Client } from './client.js';
import type { KickOrder, SignedIn } from './interface.js';

export type BindResult =
  /** `rival` held the device before and has to go: 'KICKED' by a newer token, 'REPLACED' by the same one. */
  | { readonly bound: true; readonly rival: Client | undefined; readonly reason: 'KICKED' | 'REPLACED' }
  /** 'KICKED': the token was superseded while it was being checked; 'REPLACED': its device was taken over meanwhile. */
  | { readonly bound: false; readonly reason: 'KICKED' | 'REPLACED' };

interface Floor {
  readonly belowVersion: number;
  readonly untilMs: number;
}

/** How long a kick is remembered: longer than any sign-in that read the versions before it can take. */
const FLOOR_MS = 60_000;
const FLOOR_LIMIT = 100_000;
const NOBODY: readonly Client[] = [];

export class ClientDirectory {
  readonly #byUid = new Map<Uid, Client[]>();
  /** Key: uid, or uid/device. In order of insertion, so the oldest are first. */
  readonly #floors = new Map<string, Floor>();

  clientsOf(uid: Uid): readonly Client[] {
    return this.#byUid.get(uid) ?? NOBODY;
  }

  get userCount(): number {
    return this.#byUid.size;
  }

  bind(client: Client, signedIn: SignedIn, nowMs: number): BindResult {
    const { uid, device, tokenVersion, tokenExpiresAtMs } = signedIn;
    const clients = this.#byUid.get(uid) ?? [];
    const rival = clients.find((other) => other.device === device && other !== client);
    if (
      tokenVersion < this.#floor(uid, device, nowMs) ||
      (rival !== undefined && rival.tokenVersion > tokenVersion)
    ) {
      return { bound: false, reason: 'KICKED' };
    }
    if (rival?.tokenVersion === tokenVersion && rival.signInNumber > client.signInNumber) {
      return { bound: false, reason: 'REPLACED' };
    }
    const reason = rival !== undefined && rival.tokenVersion < tokenVersion ? 'KICKED' : 'REPLACED';
    if (rival !== undefined) this.#remove(clients, rival);
    Object.assign(client, { uid, device, tokenVersion, tokenExpiresAtMs });
    if (!clients.includes(client)) clients.push(client);
    this.#byUid.set(uid, clients);
    return { bound: true, rival, reason };
  }

  unbind(client: Client): void {
    if (client.uid === undefined) return;
    const clients = this.#byUid.get(client.uid);
    if (clients === undefined) return;
    this.#remove(clients, client);
    if (clients.length === 0) this.#byUid.delete(client.uid);
  }

  /** The clients that the order closes; later sign-ins with such a version are refused for a minute. */
  kicked(order: KickOrder, nowMs: number): readonly Client[] {
    this.#forgetOldFloors(nowMs);
    const key = order.device === undefined ? `${order.uid}` : `${order.uid}/${order.device}`;
    const belowVersion = Math.max(order.belowVersion, this.#floors.get(key)?.belowVersion ?? 0);
    this.#floors.delete(key);
    this.#floors.set(key, { belowVersion, untilMs: nowMs + FLOOR_MS });
    return this.clientsOf(order.uid).filter(
      (client) =>
        (order.device === undefined || client.device === order.device) &&
        client.tokenVersion < order.belowVersion,
    );
  }

  #remove(clients: Client[], client: Client): void {
    const index = clients.indexOf(client);
    if (index !== -1) clients.splice(index, 1);
  }

  #floor(uid: Uid, device: Device, nowMs: number): number {
    const floors = [this.#floors.get(`${uid}`), this.#floors.get(`${uid}/${device}`)];
    return Math.max(
      0,
      ...floors.map((floor) => (floor !== undefined && floor.untilMs > nowMs ? floor.belowVersion : 0)),
    );
  }

  /** Bounded: past the limit the oldest go early; the regular re-check of versions then does their work. */
  #forgetOldFloors(nowMs: number): void {
    for (const [key, floor] of this.#floors) {
      if (floor.untilMs > nowMs && this.#floors.size < FLOOR_LIMIT) return;
      this.#floors.delete(key);
    }
  }
}
