/**
 * Stops guessing: failed sign-ins per account and address, new accounts and mails per address, look-ups of people
 * per user and address. Tokens are not looked at here: whoever holds one is in, whatever others try in his name.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { imError, isError } from '../errors.js';
import type { Uid } from '../message/ids.js';

const COUNT = { min: 1, max: 1_000_000 } as const;
const WINDOW = { min: 100, max: 86_400_000 } as const;

export const ATTEMPT_OPTIONS = {
  signInAccountCount: integer(
    10,
    'count',
    COUNT,
    'Failed sign-ins and wrong codes of one account in one window; then its password is not looked at, right or ' +
      'wrong. Tokens stay good. A success starts anew.',
  ),
  signInAddressCount: integer(
    100,
    'count',
    COUNT,
    'The same of one address (IPv6: of its /64), for all accounts.',
  ),
  signInWindowMs: integer(900_000, 'ms', WINDOW, 'From the first failure on.'),
  createCount: integer(600, 'count', COUNT, 'Registrations and guests of one address in one window.'),
  createWindowMs: integer(600_000, 'ms', WINDOW, 'From the first of them on.'),
  mailCount: integer(60, 'count', COUNT, 'Verification codes asked for by one address in one window.'),
  mailWindowMs: integer(600_000, 'ms', WINDOW, 'From the first of them on.'),
  lookupUserCount: integer(
    120,
    'count',
    COUNT,
    'People that one user looks up by account or name in one window, found or not: bounds listing everybody.',
  ),
  lookupAddressCount: integer(1200, 'count', COUNT, 'The same of one address.'),
  lookupWindowMs: integer(60_000, 'ms', WINDOW, 'From the first of them on.'),
  keyCount: integer(
    100_000,
    'count',
    { min: 10, max: 10_000_000 },
    'Accounts and addresses remembered of each kind; beyond it the one tried longest ago is forgotten.',
  ),
} as const;
export type AttemptOptions = OptionsOf<typeof ATTEMPT_OPTIONS>;

/** Attempts per key and window, of bounded memory. Implementation: pkg/limit/attempt_counter.ts. */
export interface AttemptCount {
  /** 0: taken; else nothing was, and there is one again after so many milliseconds. */
  take(key: string): Promise<number>;
  giveBack(key: string): Promise<void>;
  reset(key: string): Promise<void>;
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
  | { readonly kind: 'create' | 'mail' };

export type AttemptStats = { readonly refused: Readonly<Record<Attempt['kind'], number>> };

interface Claim {
  readonly counter: AttemptCount;
  readonly key: string;
}

export class AttemptGuard {
  readonly #counters: Readonly<Record<'account' | 'user' | Attempt['kind'], AttemptCount>>;
  readonly #refused = { signIn: 0, create: 0, mail: 0, lookup: 0 };

  constructor(options: AttemptOptions, { counter }: AttemptGuardDeps) {
    const { keyCount } = options;
    const of = (limitCount: number, windowMs: number): AttemptCount =>
      counter({ limitCount, windowMs, keyCount });
    this.#counters = {
      account: of(options.signInAccountCount, options.signInWindowMs),
      signIn: of(options.signInAddressCount, options.signInWindowMs),
      create: of(options.createCount, options.createWindowMs),
      mail: of(options.mailCount, options.mailWindowMs),
      user: of(options.lookupUserCount, options.lookupWindowMs),
      lookup: of(options.lookupAddressCount, options.lookupWindowMs),
    };
  }

  /**
   * Runs `work` unless there were too many: TOO_MANY_ATTEMPTS with retryAfterMs. Counted before it runs, so that
   * many at once are no way around; what turns out to be no failed sign-in is given back. `addressKey`: limitKeyOf.
   */
  async run<Result>(attempt: Attempt, addressKey: string, work: () => Promise<Result>): Promise<Result> {
    const claims = this.#claimsOf(attempt, addressKey);
    await this.#take(attempt, claims);
    if (attempt.kind !== 'signIn') return work();
    try {
      const result = await work();
      await this.#succeeded(claims);
      return result;
    } catch (error) {
      if (!isGuess(error)) for (const { counter, key } of claims) await counter.giveBack(key);
      throw error;
    }
  }

  stats(): AttemptStats {
    return { refused: { ...this.#refused } };
  }

  #claimsOf(attempt: Attempt, addressKey: string): readonly Claim[] {
    const { account, user } = this.#counters;
    const ofAddress = { counter: this.#counters[attempt.kind], key: addressKey };
    if (attempt.kind === 'signIn') return [{ counter: account, key: keyOf(attempt.account) }, ofAddress];
    return attempt.kind === 'lookup' ? [{ counter: user, key: keyOf(attempt.uid) }, ofAddress] : [ofAddress];
  }

  async #take({ kind }: Attempt, claims: readonly Claim[]): Promise<void> {
    const taken: Claim[] = [];
    for (const claim of claims) {
      const retryAfterMs = await claim.counter.take(claim.key);
      if (retryAfterMs === 0) {
        taken.push(claim);
        continue;
      }
      for (const { counter, key } of taken) await counter.giveBack(key);
      this.#refused[kind]++;
      throw imError('TOO_MANY_ATTEMPTS', undefined, { retryAfterMs });
    }
  }

  /** The account starts anew; the address does not: one good account would pay for guessing at all others. */
  async #succeeded([ofAccount, ofAddress]: readonly Claim[]): Promise<void> {
    await ofAccount?.counter.reset(ofAccount.key);
    await ofAddress?.counter.giveBack(ofAddress.key);
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
