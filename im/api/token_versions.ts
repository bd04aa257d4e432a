/**
 * The current token versions, at most `versionCacheMs` old and at most `versionCacheCount` of them; the oldest
 * leaves when it is full. What this process raises itself is known at once.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { Gather } from '../../pkg/queue/gather.js';
import { imError } from '../errors.js';
import type { Device, Uid } from '../message/ids.js';
import type { TokenVersion, UserStore } from '../store/people_interface.js';

export const TOKEN_VERSION_OPTIONS = {
  versionCacheMs: integer(
    1000,
    'ms',
    { min: 0, max: 60_000 },
    'How old a cached token version may be: a revoked token works that much longer on other processes.',
  ),
  versionCacheCount: integer(
    20_000,
    'count',
    { min: 1, max: 10_000_000 },
    'Cached token versions, some 150 bytes each.',
  ),
};
export type TokenVersionOptions = OptionsOf<typeof TOKEN_VERSION_OPTIONS>;

export interface TokenVersionDeps {
  readonly users: Pick<UserStore, 'tokenVersions'>;
  readonly nowMs: () => number;
}

interface Pair {
  readonly uid: Uid;
  readonly device: Device;
}

interface Entry {
  readonly version: TokenVersion;
  readonly readAtMs: number;
}

/** Of single questions that are read together. */
const PAIRS_PER_READ = 500;

export class TokenVersions {
  readonly #options: TokenVersionOptions;
  readonly #deps: TokenVersionDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #gather = new Gather((pairs: readonly Pair[]) => this.read(pairs), PAIRS_PER_READ);

  constructor(options: TokenVersionOptions, deps: TokenVersionDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** As the store has them now, in the order of the pairs. */
  async read(pairs: readonly Pair[]): Promise<readonly TokenVersion[]> {
    const readAtMs = this.#deps.nowMs();
    const asked = pairs.map(({ uid, device }) => ({ uid, device }));
    const versions = await this.#deps.users.tokenVersions(asked);
    if (versions.length !== pairs.length) throw imError('INTERNAL');
    for (const version of versions) this.#keep(version, readAtMs);
    return versions;
  }

  /** As the store has it now; a crowd that signs in shares its reads. */
  current(pair: Pair): Promise<TokenVersion> {
    return this.#gather.ask(pair);
  }

  async cached(pair: Pair): Promise<TokenVersion> {
    const entry = this.#entries.get(keyOf(pair));
    const ageMs = this.#deps.nowMs() - (entry?.readAtMs ?? 0);
    // Negative where the clock was set back: then nobody knows how old the entry is.
    if (entry !== undefined && ageMs >= 0 && ageMs < this.#options.versionCacheMs) return entry.version;
    const [version] = await this.read([pair]);
    if (version === undefined) throw imError('INTERNAL');
    return version;
  }

  raised(versions: readonly TokenVersion[]): void {
    const nowMs = this.#deps.nowMs();
    for (const version of versions) this.#keep(version, nowMs);
  }

  /** A read that was under way while the version was raised must not bring the old one back. */
  #keep(version: TokenVersion, readAtMs: number): void {
    const key = keyOf(version);
    const before = this.#entries.get(key);
    if (before !== undefined && before.version.version > version.version && before.readAtMs >= readAtMs)
      return;
    this.#entries.delete(key);
    this.#entries.set(key, { version, readAtMs });
    if (this.#entries.size <= this.#options.versionCacheCount) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}

function keyOf(pair: Pair): string {
  return `${pair.uid}_${pair.device}`;
}
