/**
 * Bounds what one user, and one address, learns of people he has nothing to do with: who they are, and whether they
 * exist at all. Uids are given in order, so whoever could ask without end would list everybody.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { Allowance } from '../../pkg/queue/allowance.js';
import { imError } from '../errors.js';
import type { Uid } from '../message/ids.js';
import type { ContactStore } from '../store/people_interface.js';

const COUNT = { min: 1, max: 1_000_000 } as const;

export const STRANGER_OPTIONS = {
  strangerUserCount: integer(
    600,
    'count',
    COUNT,
    'People that one user may ask about by uid at once who are neither his contacts nor in his conversations or ' +
      'lists, and groups that he is not in, known or not; as many come back in each window, evenly.',
  ),
  strangerAddressCount: integer(6000, 'count', COUNT, 'The same of one address (IPv6: of its /64).'),
  strangerWindowMs: integer(
    600_000,
    'ms',
    { min: 1000, max: 86_400_000 },
    'In which a spent allowance is whole again.',
  ),
} as const;
export type StrangerOptions = OptionsOf<typeof STRANGER_OPTIONS>;

export interface StrangerDeps {
  readonly contacts: Pick<ContactStore, 'strangers'>;
  /** Monotonic. */
  readonly nowMs: () => number;
}

/** Users and addresses remembered of each kind, some 100 bytes each; then the one idle longest starts anew. */
const KEY_COUNT = 100_000;

export class StrangerLookups {
  readonly #options: StrangerOptions;
  readonly #deps: StrangerDeps;
  readonly #byUser: Allowance;
  readonly #byAddress: Allowance;

  constructor(options: StrangerOptions, deps: StrangerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#byUser = this.#allowance(options.strangerUserCount);
    this.#byAddress = this.#allowance(options.strangerAddressCount);
  }

  /** All of `peers` or none: throws TOO_MANY_ATTEMPTS with retryAfterMs. `addressKey`: limitKeyOf. */
  async charge(uid: Uid, peers: readonly Uid[], addressKey: string): Promise<void> {
    const others = [...new Set(peers)].filter((peer) => peer !== uid);
    if (others.length === 0) return;
    const count = (await this.#deps.contacts.strangers(uid, others)).length;
    this.#spend(uid, count, addressKey);
  }

  /** As many groups that are none of his: gids are given in order as well. */
  chargeGroups(uid: Uid, count: number, addressKey: string): void {
    this.#spend(uid, count, addressKey);
  }

  #spend(uid: Uid, count: number, addressKey: string): void {
    if (count === 0) return;
    const { strangerUserCount, strangerAddressCount } = this.#options;
    const nowMs = this.#deps.nowMs();
    if (!this.#byUser.spend(String(uid), count, nowMs)) throw this.#tooMany(count, strangerUserCount);
    if (!this.#byAddress.spend(addressKey, count, nowMs)) throw this.#tooMany(count, strangerAddressCount);
  }

  #allowance(burst: number): Allowance {
    const perSecond = (burst * 1000) / this.#options.strangerWindowMs;
    return new Allowance({ burst, perSecond, keyLimit: KEY_COUNT });
  }

  /** At most that long; what is left already shortens it. */
  #tooMany(count: number, limitCount: number): Error {
    const retryAfterMs = Math.ceil(
      (Math.min(count, limitCount) / limitCount) * this.#options.strangerWindowMs,
    );
    return imError('TOO_MANY_ATTEMPTS', undefined, { retryAfterMs });
  }
}
