/**
 * Stops guessing: failed sign-ins per account and address, new accounts and mails per address, look-ups of people,
 * searches and new groups per user and address; and keeps passwords of one from keeping everybody else's from being
 * hashed. Tokens are not looked at here: whoever holds one is in, whatever others try in his name.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { InFlight } from '../../pkg/limit/in_flight.js';
import { imError, isError } from '../errors.js';
import type { Uid } from '../message/ids.js';

const COUNT = { min: 1, max: 1_000_000 } as const;
const WINDOW = { min: 100, max: 86_400_000 } as const;

export const ATTEMPT_OPTIONS = {
  signInAccountCount: integer(
    10,
    'count',
    COUNT,
    'Failed sign-ins and wrong codes of one account by one address in one window; then its password is not looked ' +
      'at for that address, right or wrong. Tokens stay good. A success starts anew.',
  ),
  signInAccountTotalCount: integer(
    100,
    'count',
    COUNT,
    'The same of one account by all addresses together; then by nobody.',
  ),
  signInAddressCount: integer(
    100,
    'count',
    COUNT,
    'The same of one address (IPv6: of its /64), for all accounts.',
  ),
  signInWindowMs: integer(900_000, 'ms', WINDOW, 'From the first failure on.'),
  passwordAddressCount: integer(
    3000,
    'count',
    COUNT,
    'Passwords and codes of one address that are looked at in one window, right or wrong: each costs a hash. A ' +
      'whole company may sign in from one.',
  ),
  hashAddressCount: integer(
    16,
    'count',
    COUNT,
    'Passwords of one address that are looked at or set at once; more are told to try again (TOO_BUSY), so that ' +
      'nobody fills the queue for hashes (hash_queue_count) alone.',
  ),
  hashAccountCount: integer(4, 'count', COUNT, 'The same of one account.'),
  createCount: integer(600, 'count', COUNT, 'Registrations and guests of one address in one window.'),
  createWindowMs: integer(600_000, 'ms', WINDOW, 'From the first of them on.'),
  mailCount: integer(60, 'count', COUNT, 'Verification codes asked for by one address in one window.'),
  mailWindowMs: integer(600_000, 'ms', WINDOW, 'From the first of them on.'),
  lookupUserCount: integer(
    120,
    'count',
    COUNT,
    'People that one user looks up by account or name in one window, and codes of invite links that he tries, found ' +
      'or not: bounds listing everybody.',
  ),
  lookupAddressCount: integer(1200, 'count', COUNT, 'The same of one address.'),
  lookupWindowMs: integer(60_000, 'ms', WINDOW, 'From the first of them on.'),
  searchUserCount: integer(
    300,
    'count',
    COUNT,
    'Searches of messages by one user in one window: each may cost the store some 30 ms.',
  ),
  searchAddressCount: integer(3000, 'count', COUNT, 'The same of one address.'),
  searchWindowMs: integer(60_000, 'ms', WINDOW, 'From the first of them on.'),
  groupUserCount: integer(60, 'count', COUNT, 'Groups that one user makes in one window.'),
  groupAddressCount: integer(600, 'count', COUNT, 'The same of one address.'),
  groupWindowMs: integer(3_600_000, 'ms', WINDOW, 'From the first of them on.'),
  keyCount: integer(
    100_000,
    'count',
    { min: 10, max: 10_000_000 },
    'Accounts and addresses remembered of each kind; beyond it the one tried longest ago is forgotten.',
  ),
} as const;
export type AttemptOptions = OptionsOf<typeof ATTEMPT_OPTIONS>;

/** Attempts per key and window, of memory bounded whatever the keys. Implementation: pkg/limit/attempt_counter.ts. */
export interface AttemptCount {
  /** 0: one is under way, until one of the others says what became of it; else nothing was, and the wait in ms. */
  take(key: string): number;
  /** It counts. */
  keep(key: string): void;
  /** It was none after all. */
  giveBack(key: string): void;
  /** Neither was it, nor those before it; what else is under way still is. */
  reset(key: string): void;
}

export interface AttemptGuardDeps {
  readonly counter: (options: {
    readonly limitCount: number;
    readonly windowMs: number;
    readonly keyCount: number;
  }) => AttemptCount;
}

/** What is attempted, and in whose name besides the address's. */
export type Attempt =
  | { readonly kind: 'signIn'; readonly account: string | Uid }
  | { readonly kind: 'lookup'; readonly uid: Uid }
  | { readonly kind: 'search'; readonly uid: Uid }
  | { readonly kind: 'group'; readonly uid: Uid }
  | { readonly kind: 'create'; /** It sets a password. */ readonly hashes: boolean }
  | { readonly kind: 'mail' };

export type AttemptStats = { readonly refused: Readonly<Record<Attempt['kind'], number>> };

/** What becomes of what was counted: of a wrong password or code, of a success, of what was no attempt. */
interface Claim {
  readonly counter: AttemptCount;
  readonly key: string;
  readonly succeeded: 'keep' | 'giveBack' | 'reset';
}

type CounterName =
  | 'password'
  | 'address'
  | 'account'
  | 'pair'
  | 'user'
  | 'create'
  | 'mail'
  | 'lookup'
  | 'founder'
  | 'group'
  | 'searcher'
  | 'search';

/** A place among the hashes is free again in about the time of a few. */
const BUSY_RETRY_MS = 1000;

export class AttemptGuard {
  readonly #counters: Readonly<Record<CounterName, AttemptCount>>;
  readonly #hashing: Readonly<Record<'address' | 'account', InFlight>>;
  readonly #refused = { signIn: 0, create: 0, mail: 0, lookup: 0, search: 0, group: 0 };

  constructor(options: AttemptOptions, { counter }: AttemptGuardDeps) {
    const { keyCount, signInWindowMs, lookupWindowMs, searchWindowMs, groupWindowMs } = options;
    const of = (limitCount: number, windowMs: number): AttemptCount =>
      counter({ limitCount, windowMs, keyCount });
    this.#counters = {
      password: of(options.passwordAddressCount, signInWindowMs),
      address: of(options.signInAddressCount, signInWindowMs),
      account: of(options.signInAccountTotalCount, signInWindowMs),
      pair: of(options.signInAccountCount, signInWindowMs),
      create: of(options.createCount, options.createWindowMs),
      mail: of(options.mailCount, options.mailWindowMs),
      user: of(options.lookupUserCount, lookupWindowMs),
      lookup: of(options.lookupAddressCount, lookupWindowMs),
      searcher: of(options.searchUserCount, searchWindowMs),
      search: of(options.searchAddressCount, searchWindowMs),
      founder: of(options.groupUserCount, groupWindowMs),
      group: of(options.groupAddressCount, groupWindowMs),
    };
    this.#hashing = {
      address: new InFlight(options.hashAddressCount),
      account: new InFlight(options.hashAccountCount),
    };
  }

  /**
   * Runs `work` unless there were too many: TOO_MANY_ATTEMPTS with retryAfterMs; TOO_BUSY where too many passwords
   * are being hashed already. Counted before it runs, so that many at once are no way around; what turns out to be
   * no failed sign-in is given back. `addressKey`: limitKeyOf.
   */
  async run<Result>(attempt: Attempt, addressKey: string, work: () => Promise<Result>): Promise<Result> {
    const leave = this.#enter(attempt, addressKey);
    try {
      const claims = this.#claimsOf(attempt, addressKey);
      this.#take(attempt, claims);
      return await this.#settle(attempt, claims, work);
    } finally {
      leave();
    }
  }

  stats(): AttemptStats {
    return { refused: { ...this.#refused } };
  }

  /** Takes a place among the hashes of the address and the account; what it returns leaves it. */
  #enter(attempt: Attempt, addressKey: string): () => void {
    const { address, account } = this.#hashing;
    if (attempt.kind !== 'signIn' && !(attempt.kind === 'create' && attempt.hashes)) return () => undefined;
    const busy = (): Error => imError('TOO_BUSY', undefined, { retryAfterMs: BUSY_RETRY_MS });
    if (!address.begin(addressKey)) throw busy();
    if (attempt.kind !== 'signIn') return () => address.end(addressKey);
    const name = keyOf(attempt.account);
    if (!account.begin(name)) {
      address.end(addressKey);
      throw busy();
    }
    return () => {
      address.end(addressKey);
      account.end(name);
    };
  }

  /** The address's first: where it has none left, nothing is noted of what it names. */
  #claimsOf(attempt: Attempt, addressKey: string): readonly Claim[] {
    const { password, address, account, pair, user, searcher, founder } = this.#counters;
    if (attempt.kind === 'signIn') {
      const name = keyOf(attempt.account);
      return [
        { counter: password, key: addressKey, succeeded: 'keep' },
        // Not anew: one good account would pay for guessing at all others.
        { counter: address, key: addressKey, succeeded: 'giveBack' },
        { counter: account, key: name, succeeded: 'giveBack' },
        { counter: pair, key: `${addressKey} ${name}`, succeeded: 'reset' },
      ];
    }
    const ofAddress: Claim = { counter: this.#counters[attempt.kind], key: addressKey, succeeded: 'keep' };
    if (attempt.kind === 'create' || attempt.kind === 'mail') return [ofAddress];
    const counter = { lookup: user, search: searcher, group: founder }[attempt.kind];
    return [ofAddress, { counter, key: keyOf(attempt.uid), succeeded: 'keep' }];
  }

  #take({ kind }: Attempt, claims: readonly Claim[]): void {
    for (const [index, { counter, key }] of claims.entries()) {
      const retryAfterMs = counter.take(key);
      if (retryAfterMs === 0) continue;
      for (const taken of claims.slice(0, index)) taken.counter.giveBack(taken.key);
      this.#refused[kind]++;
      throw imError('TOO_MANY_ATTEMPTS', undefined, { retryAfterMs });
    }
  }

  async #settle<Result>(
    { kind }: Attempt,
    claims: readonly Claim[],
    work: () => Promise<Result>,
  ): Promise<Result> {
    try {
      const result = await work();
      for (const { counter, key, succeeded } of claims) counter[succeeded](key);
      return result;
    } catch (error) {
      const counts = kind !== 'signIn' || isGuess(error);
      for (const { counter, key, succeeded } of claims) {
        // What is kept of a success costs by itself; all but who was turned away before it have had that.
        const isKept = counts || (succeeded === 'keep' && !isError(error, 'TOO_BUSY'));
        counter[isKept ? 'keep' : 'giveBack'](key);
      }
      throw error;
    }
  }
}

/** Anything else says nothing about a password: a busy hasher, a store that cannot be reached. */
function isGuess(error: unknown): boolean {
  return isError(error, 'WRONG_CREDENTIALS') || isError(error, 'WRONG_CODE');
}

/** Sign-in names are the same whatever the case of their ASCII letters; a uid is never spelt like a name. */
function keyOf(account: string | Uid): string {
  if (typeof account === 'number') return `#${account}`;
  return `=${account.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())}`;
}
