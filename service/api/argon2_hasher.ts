/** Passwords with argon2id: few at a time, because each takes a core and much memory for tens of milliseconds. */
import { hash, verify } from '@node-rs/argon2';
import type { PasswordHasher } from '../../im/api/interface.js';
import { imError } from '../../im/errors.js';
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { Limiter, type LimiterStats } from '../../pkg/queue/limiter.js';

export const ARGON2_OPTIONS = {
  hashConcurrency: integer(
    2,
    'count',
    { min: 1, max: 2 },
    'Password hashes at once; they leave the rest of the machine to messages.',
  ),
  hashQueueCount: integer(
    64,
    'count',
    { min: 0, max: 10_000 },
    'Sign-ins waiting for that; more are told to try again.',
  ),
  hashMemoryKib: integer(
    19_456,
    'KiB',
    { min: 8192, max: 1 << 20 },
    'Memory of one hash (OWASP, argon2id, first choice).',
  ),
  hashPasses: integer(2, 'count', { min: 1, max: 100 }, 'Passes over that memory.'),
} as const;

export type Argon2Options = OptionsOf<typeof ARGON2_OPTIONS>;

const RETRY_AFTER_MS = 1000;

export class Argon2Hasher implements PasswordHasher {
  readonly #options: Argon2Options;
  readonly #limiter: Limiter;

  constructor(options: Argon2Options) {
    this.#options = options;
    this.#limiter = new Limiter(options.hashConcurrency, options.hashQueueCount);
  }

  stats(): LimiterStats {
    return this.#limiter.stats();
  }

  hash(password: string): Promise<string> {
    const { hashMemoryKib: memoryCost, hashPasses: timeCost } = this.#options;
    return this.#limited(() => hash(password, { memoryCost, timeCost, parallelism: 1 }));
  }

  /** False also for an empty hash: an account that no password opens. */
  async verify(stored: string, password: string): Promise<boolean> {
    if (stored !== '') return this.#limited(() => verify(stored, password));
    await this.burn(password);
    return false;
  }

  async burn(password: string): Promise<void> {
    await this.hash(password);
  }

  #limited<Result>(task: () => Promise<Result>): Promise<Result> {
    const running = this.#limiter.run(task);
    return running ?? Promise.reject(imError('TOO_BUSY', undefined, { retryAfterMs: RETRY_AFTER_MS }));
  }
}
