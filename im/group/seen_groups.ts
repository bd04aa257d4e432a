/**
 * Groups in which this process stored something lately: how many members they had then, up to where their log has gone
 * out, and which attempts ended without an answer.
 */
import type { Gid, Seq } from '../message/ids.js';
import type { EventDraft } from '../store/interface.js';

interface Seen {
  /** 0: not known. */
  memberCount: number;
  /** 0: nothing that this process stored has gone out. */
  lastSeq: number;
  /** Attempts without an answer, while `lastSeq` does not say what they would be behind. */
  unanswered: Set<string> | undefined;
}

/** The group that was busy longest ago is forgotten: its size is not known then, and it is owed nothing. */
const GROUP_COUNT = 20_000;

/** In one group; the first of them that is met again says where the others begin. */
const UNANSWERED_COUNT = 64;

export class SeenGroups {
  readonly #seen = new Map<Gid, Seen>();

  sizeOf(gid: Gid): number | undefined {
    const memberCount = this.#seen.get(gid)?.memberCount;
    return memberCount === 0 ? undefined : memberCount;
  }

  stored(gid: Gid, seq: Seq, memberCount: number): void {
    this.#keep(gid, { memberCount, lastSeq: seq, unanswered: undefined });
  }

  /** It may be stored: whoever repeats it is to be told as if it were new. */
  unanswered(gid: Gid, event: EventDraft): void {
    const seen = this.#seen.get(gid) ?? { memberCount: 0, lastSeq: 0, unanswered: undefined };
    this.#keep(gid, seen);
    if (seen.lastSeq !== 0) return;
    seen.unanswered ??= new Set();
    if (seen.unanswered.size < UNANSWERED_COUNT) seen.unanswered.add(nameOf(event));
  }

  /**
   * Whether an event that was stored earlier never went out: its first attempt had no answer here, and it is met again
   * as a duplicate. Said once. What was stored before this process began is owed to nobody: who was connected then has
   * found it by his sync, and whom it brought in may have left since.
   */
  isOwed(gid: Gid, seq: Seq, event: EventDraft): boolean {
    const seen = this.#seen.get(gid);
    if (seen === undefined) return false;
    if (seen.lastSeq === 0 ? seen.unanswered?.has(nameOf(event)) !== true : seq <= seen.lastSeq) return false;
    seen.lastSeq = seq;
    seen.unanswered = undefined;
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

/** A repeat is the same sender with the same client id. */
function nameOf({ from, clientId }: EventDraft): string {
  return `${from}.${clientId}`;
}
