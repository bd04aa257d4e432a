/**
 * Who may know whether somebody is there: whoever may write to him now, unless he keeps it to himself. So a block, or
 * «messages of contacts only», shuts both doors at once, and nobody has to think of a second list.
 */
import type { Uid } from '../message/ids.js';
import type { MessageStore, WriterPair } from '../store/interface.js';
import type { UserStore } from '../store/people_interface.js';

export interface PresenceRightsDeps {
  readonly users: Pick<UserStore, 'byUids'>;
  readonly messages: Pick<MessageStore, 'mayWrite'>;
}

/** What the store takes at once. */
const PAIR_COUNT = 500;

export class PresenceRights {
  readonly #deps: PresenceRightsDeps;

  constructor(deps: PresenceRightsDeps) {
    this.#deps = deps;
  }

  /** Those of `targets` of whom `asker` may know; himself always. */
  async known(asker: Uid, targets: readonly Uid[]): Promise<ReadonlySet<Uid>> {
    const open = await this.#open(targets.filter((uid) => uid !== asker));
    const pairs = open.map((to) => ({ from: asker, to }));
    const allowed = await this.#allowed(pairs);
    const known = new Set(open.filter((_, index) => allowed[index] === true));
    if (targets.includes(asker)) known.add(asker);
    return known;
  }

  /** Those of `askers` who may know of `target`. */
  async audience(target: Uid, askers: readonly Uid[]): Promise<ReadonlySet<Uid>> {
    const own = askers.filter((uid) => uid === target);
    const [open] = await this.#open([target]);
    if (open === undefined) return new Set(own);
    const others = askers.filter((uid) => uid !== target);
    const allowed = await this.#allowed(others.map((from) => ({ from, to: target })));
    return new Set([...own, ...others.filter((_, index) => allowed[index] === true)]);
  }

  async #open(uids: readonly Uid[]): Promise<readonly Uid[]> {
    const open: Uid[] = [];
    for (let start = 0; start < uids.length; start += PAIR_COUNT) {
      const users = await this.#deps.users.byUids(uids.slice(start, start + PAIR_COUNT));
      for (const { uid, privatePresence } of users) if (!privatePresence) open.push(uid);
    }
    return open;
  }

  /** In the order of `pairs`. */
  async #allowed(pairs: readonly WriterPair[]): Promise<readonly boolean[]> {
    const allowed: boolean[] = [];
    for (let start = 0; start < pairs.length; start += PAIR_COUNT) {
      const refusals = await this.#deps.messages.mayWrite(pairs.slice(start, start + PAIR_COUNT));
      for (const refusal of refusals) allowed.push(refusal === undefined);
    }
    return allowed;
  }
}
