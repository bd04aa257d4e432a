/**
 * Whether one user may reach another with what is not stored. The store knows; its answers hold for a second,
 * so that a stream of frames costs one question and a block takes hold at once for human eyes.
 */
import type { ErrorName } from '../errors.js';
import type { PeerId, Uid } from '../message/ids.js';
import type { MessageStore } from '../store/interface.js';

export interface Pair {
  readonly from: Uid;
  readonly to: PeerId;
}

export interface RelayRightsOptions {
  readonly relayRightsMs: number;
  readonly relayRightsCount: number;
}

export interface RelayRightsDeps {
  readonly store: Pick<MessageStore, 'mayWrite'>;
  /** Monotonic. */
  readonly nowMs: () => number;
}

interface Answer {
  readonly refusal: ErrorName | undefined;
  readonly untilMs: number;
}

/** What `mayWrite` takes at once. */
const PAIR_LIMIT = 500;

export class RelayRights {
  readonly #options: RelayRightsOptions;
  readonly #deps: RelayRightsDeps;
  /** Oldest answer first; at most relayRightsCount of them, then the oldest is forgotten. */
  readonly #answers = new Map<string, Answer>();

  constructor(options: RelayRightsOptions, deps: RelayRightsDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** In the order of `pairs`; undefined where it may. Throws what the store throws. */
  async refusals(pairs: readonly Pair[]): Promise<readonly (ErrorName | undefined)[]> {
    const nowMs = this.#deps.nowMs();
    const answers = new Map<string, Answer>();
    const unknown = new Map<string, Pair>();
    for (const pair of pairs) {
      const name = nameOf(pair);
      const known = this.#answers.get(name);
      if (known !== undefined && known.untilMs > nowMs) answers.set(name, known);
      else unknown.set(name, pair);
    }
    const asked = [...unknown];
    for (let start = 0; start < asked.length; start += PAIR_LIMIT) {
      const part = asked.slice(start, start + PAIR_LIMIT);
      const refusals = await this.#deps.store.mayWrite(part.map(([, pair]) => pair));
      for (const [index, [name]] of part.entries()) {
        const answer = { refusal: refusals[index], untilMs: nowMs + this.#options.relayRightsMs };
        answers.set(name, answer);
        this.#remember(name, answer);
      }
    }
    return pairs.map((pair) => answers.get(nameOf(pair))?.refusal);
  }

  #remember(name: string, answer: Answer): void {
    this.#answers.delete(name);
    this.#answers.set(name, answer);
    if (this.#answers.size <= this.#options.relayRightsCount) return;
    for (const oldest of this.#answers.keys()) {
      this.#answers.delete(oldest);
      return;
    }
  }
}

function nameOf({ from, to }: Pair): string {
  return `${from}:${to}`;
}
