/**
 * How many sockets there may be: in total and per address, and of them those that have not signed in, which cost
 * an attacker nothing. Decided before the upgrade is answered.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { limitKeyOf } from '../../pkg/limit/address.js';

const COUNT = { min: 1, max: 10_000_000 } as const;

export const SOCKET_CAP_OPTIONS = {
  connectionCount: integer(100_000, 'count', COUNT, 'Sockets at once; more are answered 503.'),
  strangerCount: integer(
    20_000,
    'count',
    COUNT,
    'Of them those that have not signed in yet; for one more the oldest of them is cut. A restart brings many at once.',
  ),
  addressConnectionCount: integer(
    20_000,
    'count',
    COUNT,
    'Sockets of one address (IPv6: of its /64); more are answered 429. A mobile network may stand behind one.',
  ),
  addressStrangerCount: integer(
    1000,
    'count',
    COUNT,
    'Of them those that have not signed in yet; more are answered 429.',
  ),
} as const;

export type SocketCapOptions = OptionsOf<typeof SOCKET_CAP_OPTIONS>;

export type CapName = 'total' | 'address' | 'addressStrangers';

export interface SocketCapStats {
  readonly openCount: number;
  readonly strangerCount: number;
  /** Upgrades since the start, by the cap that refused them; `strangers`: sockets cut to make room. */
  readonly refused: Readonly<Record<CapName | 'strangers', number>>;
}

interface Tally {
  open: number;
  strangers: number;
}

/** One socket's place among the others; both calls count once. */
export interface SocketPlace {
  signedIn(): void;
  closed(): void;
}

export class SocketCaps {
  readonly #options: SocketCapOptions;
  readonly #total: Tally = { open: 0, strangers: 0 };
  /** Of addresses with open sockets: no more entries than those. */
  readonly #addresses = new Map<string, Tally>();
  /** Of strangers, the oldest first: what cuts them. */
  readonly #strangers = new Set<() => void>();
  readonly #refused = { total: 0, strangers: 0, address: 0, addressStrangers: 0 };

  constructor(options: SocketCapOptions) {
    this.#options = options;
  }

  /** The cap that `address` would break by one more socket; it is counted as refused then. */
  refusal(address: string): CapName | undefined {
    const { connectionCount, addressConnectionCount, addressStrangerCount } = this.#options;
    const own = this.#addresses.get(limitKeyOf(address)) ?? { open: 0, strangers: 0 };
    const broken: CapName | undefined =
      this.#total.open >= connectionCount
        ? 'total'
        : own.open >= addressConnectionCount
          ? 'address'
          : own.strangers >= addressStrangerCount
            ? 'addressStrangers'
            : undefined;
    if (broken !== undefined) this.#refused[broken]++;
    return broken;
  }

  /**
   * A stranger's, until it says otherwise. `cut`: called where newer strangers need the place: who means to sign in
   * has done so long before, so mere holders of sockets keep nobody out.
   */
  open(address: string, cut: () => void): SocketPlace {
    const key = limitKeyOf(address);
    const own = this.#addresses.get(key) ?? { open: 0, strangers: 0 };
    this.#addresses.set(key, own);
    const tallies = [this.#total, own];
    let state: 'stranger' | 'known' | 'closed' = 'stranger';
    const leaveStrangers = (): void => {
      if (state !== 'stranger') return;
      this.#strangers.delete(cut);
      for (const tally of tallies) tally.strangers--;
    };
    for (const tally of tallies) {
      tally.open++;
      tally.strangers++;
    }
    this.#strangers.add(cut);
    if (this.#strangers.size > this.#options.strangerCount) this.#cutOldest();
    return {
      signedIn: () => {
        leaveStrangers();
        if (state !== 'closed') state = 'known';
      },
      closed: () => {
        if (state === 'closed') return;
        leaveStrangers();
        state = 'closed';
        for (const tally of tallies) tally.open--;
        if (own.open === 0) this.#addresses.delete(key);
      },
    };
  }

  #cutOldest(): void {
    const [oldest] = this.#strangers;
    if (oldest === undefined) return;
    // Its close comes later, or has come: it makes room once.
    this.#strangers.delete(oldest);
    this.#refused.strangers++;
    oldest();
  }

  stats(): SocketCapStats {
    const { open: openCount, strangers: strangerCount } = this.#total;
    return { openCount, strangerCount, refused: { ...this.#refused } };
  }
}
