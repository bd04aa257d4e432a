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
    'E-mail addresses whose codes are kept at once; beyond it the one that asked longest ago needs a new code.',
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

interface Code {
  readonly code: string;
  readonly issuedAtMs: number;
  tries: number;
}

/** Of one address. The one before stays good: whoever asks for a code in another's name would take his away. */
const CODES_PER_ADDRESS = 2;

export class VerificationCodes {
  readonly #options: VerificationOptions;
  readonly #deps: VerificationDeps;
  /** In order of the newest issue, so the first is the first to expire; each address's newest code is its last. */
  readonly #codes = new Map<string, readonly Code[]>();

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

  /** Throws WRONG_CODE; each wrong one counts, for all codes of the address. They stay good until `consume`. */
  check(email: string, code: string): void {
    const good = (this.#codes.get(keyOf(email)) ?? []).filter(
      (known) => !this.#isExpired(known) && known.tries < this.#options.codeTryCount,
    );
    if (good.some((known) => known.code === code)) return;
    if (code !== '') for (const known of good) known.tries++;
    throw imError('WRONG_CODE');
  }

  /** All codes of the address. */
  consume(email: string): void {
    this.#codes.delete(keyOf(email));
  }

  #refuseHaste(email: string): void {
    const newest = this.#codes.get(keyOf(email))?.at(-1);
    if (newest === undefined) return;
    const waitMs = newest.issuedAtMs + this.#options.codeIntervalMs - this.#deps.nowMs();
    if (waitMs > 0) throw imError('TOO_BUSY', undefined, { retryAfterMs: waitMs });
  }

  #keep(email: string, code: string): void {
    const key = keyOf(email);
    const earlier = this.#codes.get(key) ?? [];
    this.#codes.delete(key);
    for (const [oldest, codes] of this.#codes) {
      const isOver = codes.every((known) => this.#isExpired(known));
      if (!isOver && this.#codes.size < this.#options.codeCount) break;
      this.#codes.delete(oldest);
    }
    const issued = { code, issuedAtMs: this.#deps.nowMs(), tries: 0 };
    this.#codes.set(key, [...earlier, issued].slice(-CODES_PER_ADDRESS));
  }

  #isExpired({ issuedAtMs }: Code): boolean {
    return this.#deps.nowMs() - issuedAtMs >= this.#options.codeLifetimeMs;
  }
}

export function isSameAddress(one: string, other: string): boolean {
  return keyOf(one) === keyOf(other);
}

/** As the store compares sign-in names: with more than ASCII folded, two mailboxes would share a code. */
function keyOf(email: string): string {
  return email.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
