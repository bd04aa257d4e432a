/** Groups in which something was stored lately: how many members they had then, and up to where their log has gone out. */
import type { Gid, Seq } from '../message/ids.js';

interface Seen {
  memberCount: number;
  lastSeq: number;
}

/** The group that was busy longest ago is forgotten: its size is not known then, and a repeat may go out again. */
const GROUP_COUNT = 20_000;

export class SeenGroups {
  readonly #seen = new Map<Gid, Seen>();

  sizeOf(gid: Gid): number | undefined {
    return this.#seen.get(gid)?.memberCount;
  }

  stored(gid: Gid, seq: Seq, memberCount: number): void {
    this.#keep(gid, { memberCount, lastSeq: seq });
  }

  /**
   * Whether an event that was stored earlier never went out: its first attempt had no answer, and it is met again
   * as a duplicate. Said once.
   */
  isOwed(gid: Gid, seq: Seq): boolean {
    const seen = this.#seen.get(gid);
    if (seen !== undefined && seq <= seen.lastSeq) return false;
    if (seen === undefined) this.#keep(gid, { memberCount: 0, lastSeq: seq });
    else seen.lastSeq = seq;
    return true;
  }

  #keep(gid: Gid, seen: Seen): void {
    this.#seen.delete(gid);
    this.#seen.set(gid, seen);
    if (this.#seen.size <= GROUP_COUNT) return;
    for (const oldest of this.#seen.keys()) {
      this.#seen.delete(oldest);
      return;
    }
  }
}
