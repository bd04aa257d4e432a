/**
 * Allowances in memory: token buckets of connections, users and addresses. A user's and an address's are shared
 * by all their connections and outlive them, so that reconnecting buys nothing. No timer, no promise.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { limitKeyOf } from '../../pkg/limit/address.js';
import { RecentMap } from '../../pkg/limit/recent_map.js';
import { TokenBucket, type Rate } from '../../pkg/limit/token_bucket.js';
import type { Uid } from '../message/ids.js';
import type { ConnectionRates, RateClass, RateLimits } from './interface.js';

const COUNT = { min: 1, max: 100_000_000 } as const;

const rate = (what: string, perSecond: number, burst: number, why: string) =>
  ({
    perSecond: integer(perSecond, 'count', COUNT, `${what}, a second. ${why}`),
    burst: integer(burst, 'count', COUNT, `${what}, at once after a quiet time.`),
  }) as const;

export const RATE_LIMIT_OPTIONS = {
  message: rate(
    'Messages, recalls and changes of groups of one user',
    200,
    5000,
    'Far above what people type; the burst lets an outbox that filled while offline through.',
  ),
  relay: rate(
    'Frames passed on unstored (typing, call signalling, streamed text) of one user',
    100,
    1000,
    'Each may be written to all devices of the other.',
  ),
  receipt: rate(
    'Receipts of one user',
    1000,
    20_000,
    'Old clients confirm each message by itself, so this follows what others send.',
  ),
  api: rate(
    'API requests of one user, over HTTP and connections',
    100,
    2000,
    'A first sync asks much at once.',
  ),
  heavy: rate('Requests for all offline messages of one user', 5, 50, 'Each may answer megabytes.'),
  auth: rate('Sign-ins on connections of one user', 5, 100, 'Each is checked in the database.'),
  connection: rate('Frames of one connection, of any kind', 2000, 20_000, 'Above what one user may do.'),
  address: rate(
    'Frames and HTTP requests of one address (IPv6: of its /64)',
    50_000,
    100_000,
    'A whole company or a mobile network may stand behind one: lower it where clients have their own.',
  ),
  userCount: integer(
    100_000,
    'count',
    { min: 1, max: 10_000_000 },
    'Users whose use is remembered; beyond it the one seen longest ago starts anew.',
  ),
  addressCount: integer(100_000, 'count', { min: 1, max: 10_000_000 }, 'The same for addresses.'),
} as const;

export type RateLimitOptions = {
  readonly [Name in RateClass | 'connection' | 'address']: Rate;
} & OptionsOf<Pick<typeof RATE_LIMIT_OPTIONS, 'userCount' | 'addressCount'>>;

export interface RateLimitStats {
  /** Refused since the start, by what was refused. */
  readonly refused: Readonly<Record<RateClass | 'other', number>>;
  readonly rememberedUserCount: number;
  readonly rememberedAddressCount: number;
}

/** Buckets are made when they are first needed: most users only ever send and confirm. */
type Buckets = Partial<Record<RateClass, TokenBucket>>;

export class LocalRateLimits implements RateLimits {
  readonly #options: RateLimitOptions;
  readonly #nowMs: () => number;
  readonly #users: RecentMap<Uid, Buckets>;
  readonly #addresses: RecentMap<string, TokenBucket>;
  readonly #refused = { message: 0, relay: 0, receipt: 0, api: 0, heavy: 0, auth: 0, other: 0 };

  /** `nowMs`: of a clock that only rises. */
  constructor(options: RateLimitOptions, nowMs: () => number) {
    this.#options = options;
    this.#nowMs = nowMs;
    this.#users = new RecentMap(options.userCount);
    this.#addresses = new RecentMap(options.addressCount);
  }

  connection(address: string): ConnectionRates {
    const ofConnection = new TokenBucket(this.#options.connection, this.#nowMs());
    const ofAddress = this.#ofAddress(address);
    let owner: Uid | undefined;
    // A stranger's are his connection's.
    let buckets: Buckets = {};
    return {
      take: (kind, uid) => {
        if (uid !== owner) {
          owner = uid;
          buckets = uid === undefined ? {} : this.#ofUser(uid);
        }
        const ofUser = kind === undefined ? undefined : this.#bucketOf(buckets, kind);
        return this.#spend(kind ?? 'other', [ofConnection, ofAddress, ofUser]);
      },
    };
  }

  takeAddress(address: string): number {
    return this.#spend('other', [this.#ofAddress(address)]);
  }

  takeUser(uid: Uid, kind: RateClass): number {
    return this.#spend(kind, [this.#bucketOf(this.#ofUser(uid), kind)]);
  }

  stats(): RateLimitStats {
    return {
      refused: { ...this.#refused },
      rememberedUserCount: this.#users.size,
      rememberedAddressCount: this.#addresses.size,
    };
  }

  #spend(kind: RateClass | 'other', buckets: readonly (TokenBucket | undefined)[]): number {
    const nowMs = this.#nowMs();
    let waitMs = 0;
    for (const bucket of buckets) if (bucket !== undefined) waitMs = Math.max(waitMs, bucket.waitMs(nowMs));
    if (waitMs === 0) for (const bucket of buckets) bucket?.spend();
    else this.#refused[kind]++;
    return waitMs;
  }

  #ofAddress(address: string): TokenBucket {
    const make = (): TokenBucket => new TokenBucket(this.#options.address, this.#nowMs());
    return this.#addresses.use(limitKeyOf(address), make).value;
  }

  #ofUser(uid: Uid): Buckets {
    return this.#users.use(uid, () => ({})).value;
  }

  #bucketOf(buckets: Buckets, kind: RateClass): TokenBucket {
    return (buckets[kind] ??= new TokenBucket(this.#options[kind], this.#nowMs()));
  }
}
