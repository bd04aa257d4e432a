/**
 * How far the logs of groups have passed by in which nobody here was: what comes behind that, from another owner of
 * the group, is no news.
 */
import type { Gid } from '../../message/ids.js';

/** The one that was quiet for longest is forgotten: a late event of it is taken for a new one. */
const GROUP_COUNT = 20_000;

export class PassedGroups {
  readonly #seqs = new Map<Gid, number>();

  seqOf(gid: Gid): number {
    return this.#seqs.get(gid) ?? 0;
  }

  passed(gid: Gid, seq: number): void {
    const last = Math.max(seq, this.seqOf(gid));
    this.#seqs.delete(gid);
    this.#seqs.set(gid, last);
    if (this.#seqs.size <= GROUP_COUNT) return;
    for (const oldest of this.#seqs.keys()) {
      this.#seqs.delete(oldest);
      return;
    }
  }
}
