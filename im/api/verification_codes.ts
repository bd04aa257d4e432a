/**
 * Codes that prove an e-mail address, each good for a while and for a few tries. In debugging the code is the
 * configured one and goes nowhere; otherwise a sender carries a random one.
 */
import { integer, text, type OptionsOf } from '../../pkg/config/option.js';
import { imError } from '../errors.js';
import type { CodeSender } from './interface.js';

export const VERIFICATION_OPTIONS = {
  debugCode: text(
    '11111',
    'The verification code of every e-mail while debugging; never used outside of it.',
  ),
  codeLifetimeMs: integer(1_800_000, 'ms', { min: 1000, max: 86_400_000 }, 'How long a code is good.'),
  codeIntervalMs: integer(
    60_000,
    'ms',
    { min: 0, max: 3_600_000 },
    'Shortest time between two codes to one address (not in debugging): bounds guessing and mail.',
  ),
  codeTryCount: integer(3, 'count', { min: 1, max: 100 }, 'Wrong codes after which a new one is needed.'),
  codeCount: integer(
    10_000,
    'count',
    { min: 1, max: 1_000_000 },
    'Codes kept at once; when that many are still good, further ones are refused as TOO_BUSY.',
  ),
};
export type VerificationOptions = OptionsOf<typeof VERIFICATION_OPTIONS>;

export interface VerificationDeps {
  readonly debugging: boolean;
  /** Undefined: outside debugging nobody can ask for a code (NO_CODE_SENDER). */
  readonly sender: CodeSender | undefined;
  readonly nowMs: () => number;
  /** Six random digits. */
  readonly randomCode: () => string;
}

interface Entry {
  readonly code: string;
  readonly issuedAtMs: number;
  tries: number;
}

export class VerificationCodes {
  readonly #options: VerificationOptions;
  readonly #deps: VerificationDeps;
  /** In order of issue, so the first is the first to expire. */
  readonly #entries = new Map<string, Entry>();

  constructor(options: VerificationOptions, deps: VerificationDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  async issue(email: string): Promise<void> {
    const { debugging, sender, randomCode } = this.#deps;
    if (debugging) {
      this.#keep(email, this.#options.debugCode);
      return;
    }
    if (sender === undefined) throw imError('NO_CODE_SENDER');
    this.#refuseHaste(email);
    const code = randomCode();
    this.#keep(email, code);
    await sender.send(email, code);
  }

  /** Throws WRONG_CODE; each wrong one counts. The code stays good until `consume`. */
  check(email: string, code: string): void {
    const entry = this.#entries.get(keyOf(email));
    const isGood = entry !== undefined && !this.#isExpired(entry) && entry.tries < this.#options.codeTryCount;
    if (!isGood) throw imError('WRONG_CODE');
    if (entry.code === code) return;
    entry.tries++;
    throw imError('WRONG_CODE');
  }

  consume(email: string): void {
    this.#entries.delete(keyOf(email));
  }

  #refuseHaste(email: string): void {
    const entry = this.#entries.get(keyOf(email));
    if (entry === undefined) return;
    const waitMs = entry.issuedAtMs + this.#options.codeIntervalMs - this.#deps.nowMs();
    if (waitMs > 0) throw imError('TOO_BUSY', undefined, { retryAfterMs: waitMs });
  }

  #keep(email: string, code: string): void {
    const key = keyOf(email);
    this.#entries.delete(key);
    for (const [oldest, entry] of this.#entries) {
      if (!this.#isExpired(entry)) break;
      this.#entries.delete(oldest);
    }
    if (this.#entries.size >= this.#options.codeCount) throw imError('TOO_BUSY');
    this.#entries.set(key, { code, issuedAtMs: this.#deps.nowMs(), tries: 0 });
  }

  #isExpired(entry: Entry): boolean {
    return this.#deps.nowMs() - entry.issuedAtMs >= this.#options.codeLifetimeMs;
  }
}

export function isSameAddress(one: string, other: string): boolean {
  return keyOf(one) === keyOf(other);
}

/** As the store compares sign-in names: with more than ASCII folded, two mailboxes would share a code. */
function keyOf(email: string): string {
  return email.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
