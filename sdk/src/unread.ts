/**
 * How much of one conversation is unread: what the server counted, and from then on what was shown. Exact while the
 * seqs of all of it are remembered; beyond that a part that is read is estimated until the next sync row.
 */
import { UNREAD_LIMIT } from '../../im/message/unread_limit.js';

/** Seqs remembered per conversation: more than a person leaves half-read. */
const REMEMBERED = 200;

export class Unread {
  /** Of messages of others above the read mark, ascending; made when there is one. */
  #seqs: number[] | undefined;
  #mentionSeqs: number[] | undefined;
  /** These are not limited: of what is known exactly some may be read. */
  #count = 0;
  #mentions = 0;
  #mayBeMore = false;

  /** As far as the server counts. */
  get count(): number {
    return Math.min(this.#count, UNREAD_LIMIT);
  }

  get mentions(): number {
    return Math.min(this.#mentions, UNREAD_LIMIT);
  }

  /** The server stopped counting: what is left when some are read, or taken back, only it knows. */
  get mayBeMore(): boolean {
    return this.#mayBeMore;
  }

  /** The server's word. */
  set(count: number, mentions: number): void {
    this.#count = count;
    this.#mentions = mentions;
    this.#mayBeMore = count >= UNREAD_LIMIT;
  }

  /** False: `seq` was not shown as unread. */
  mayHave(seq: number): boolean {
    const seqs = this.#seqs;
    return seqs !== undefined && (seqs.length >= REMEMBERED || seqs.includes(seq));
  }

  /** One more was shown; `isCounted`: the server's number has it already. */
  shown(seq: number, isMention: boolean, isCounted: boolean): void {
    remember((this.#seqs ??= []), seq);
    if (isMention) remember((this.#mentionSeqs ??= []), seq);
    if (isCounted) return;
    this.#count++;
    if (isMention) this.#mentions++;
  }

  /** So many came without being shown, of which so many name this user. */
  counted(messages: number, mentions: number): void {
    this.#count += messages;
    this.#mentions += mentions;
  }

  /**
   * One above the read mark was taken back. `isCounted`: the server's number has that already. `isOthers`: by somebody
   * else, so that it counts as his even where it is not remembered (it was shown in an earlier run). False where that is
   * no more than likely: in a group an admin takes back anybody's, and whom it named nobody here knows.
   */
  recalled(seq: number, isCounted: boolean, isOthers: boolean): boolean {
    const rememberedCount = this.#seqs?.length ?? 0;
    const isMention = takeOut(this.#mentionSeqs, seq);
    const isRemembered = takeOut(this.#seqs, seq);
    if (isCounted) return true;
    const isExact = isRemembered || this.#count <= rememberedCount;
    if (isRemembered || (isOthers && !isExact)) this.#count = Math.max(0, this.#count - 1);
    this.#mentions = Math.min(this.#count, isMention ? Math.max(0, this.#mentions - 1) : this.#mentions);
    return isExact && !this.#mayBeMore;
  }

  /** Everything up to `seq` is read; at most `rest` events lie behind it. False where what is left is an estimate. */
  read(seq: number, rest: number): boolean {
    const isAllRemembered =
      this.#count <= (this.#seqs?.length ?? 0) && this.#mentions <= (this.#mentionSeqs?.length ?? 0);
    this.#count = Math.min(rest, left(this.#seqs, seq, this.#count));
    this.#mentions = Math.min(rest, left(this.#mentionSeqs, seq, this.#mentions));
    if (this.#count === 0) this.#mayBeMore = false;
    if (rest === 0) this.#seqs = this.#mentionSeqs = undefined;
    return this.#count === 0 || (isAllRemembered && !this.#mayBeMore);
  }
}

function remember(seqs: number[], seq: number): void {
  if (seqs.length < REMEMBERED) seqs.push(seq);
}

function takeOut(seqs: number[] | undefined, seq: number): boolean {
  const at = seqs?.indexOf(seq) ?? -1;
  if (at >= 0) seqs?.splice(at, 1);
  return at >= 0;
}

/** Takes those up to `seq` out; what remains of `count`. Those that are not remembered come first or last: nobody knows. */
function left(seqs: number[] | undefined, seq: number, count: number): number {
  if (seqs === undefined) return count;
  const first = seqs.findIndex((one) => one > seq);
  const removed = seqs.splice(0, first === -1 ? seqs.length : first).length;
  return Math.max(0, count - removed);
}
