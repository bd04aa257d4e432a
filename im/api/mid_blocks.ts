/**
 * Message ids for clients that want them before they send: each user draws from a block of his own, leased
 * in the store, which is how a mid of somebody else is recognised. The rest of a forgotten block is lost.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { known, toMid, type Mid, type Uid } from '../message/ids.js';
import type { IdStore } from '../store/interface.js';

export const MID_BLOCK_OPTIONS = {
  midBlockSize: integer(32, 'count', { min: 1, max: 10_000 }, 'Message ids leased at once for one user.'),
  midBlockUserCount: integer(
    10_000,
    'count',
    { min: 1, max: 10_000_000 },
    'Users whose blocks are remembered; the one that drew longest ago is forgotten.',
  ),
};
export type MidBlockOptions = OptionsOf<typeof MID_BLOCK_OPTIONS>;

interface Block {
  next: number;
  readonly end: number;
}

export class MidBlocks {
  readonly #options: MidBlockOptions;
  readonly #ids: Pick<IdStore, 'leaseMidBlock'>;
  /** Least recently used first. */
  readonly #blocks = new Map<Uid, Block>();
  /** One lease at a time for a user; bounded by the calls that are under way. */
  readonly #leases = new Map<Uid, Promise<void>>();

  constructor(options: MidBlockOptions, deps: { readonly ids: Pick<IdStore, 'leaseMidBlock'> }) {
    this.#options = options;
    this.#ids = deps.ids;
  }

  async next(uid: Uid): Promise<Mid> {
    for (;;) {
      const block = this.#blocks.get(uid);
      if (block !== undefined && block.next < block.end) {
        this.#touch(uid, block);
        return known(toMid(block.next++));
      }
      let lease = this.#leases.get(uid);
      if (lease === undefined) {
        lease = this.#lease(uid).finally(() => this.#leases.delete(uid));
        this.#leases.set(uid, lease);
      }
      await lease;
    }
  }

  async #lease(uid: Uid): Promise<void> {
    const { first, count } = await this.#ids.leaseMidBlock(uid, this.#options.midBlockSize);
    this.#touch(uid, { next: first, end: first + count });
  }

  #touch(uid: Uid, block: Block): void {
    this.#blocks.delete(uid);
    this.#blocks.set(uid, block);
    if (this.#blocks.size <= this.#options.midBlockUserCount) return;
    for (const oldest of this.#blocks.keys()) {
      this.#blocks.delete(oldest);
      return;
    }
  }
}
