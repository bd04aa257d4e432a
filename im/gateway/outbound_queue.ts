/**
 * Frames on their way to one socket, bounded in bytes. Pushes of a conversation that do not fit are let go and
 * the conversation is marked, so that the client can be told once what to fetch; answers always fit.
 * Step 9 of the message path.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { ConversationName } from '../message/conversation.js';

export const OUTBOUND_OPTIONS = {
  queueBytes: integer(
    262_144,
    'bytes',
    { min: 16_384, max: 64 << 20 },
    'Pushes waiting for one socket; what does not fit is let go and announced when there is room.',
  ),
  flushBytes: integer(65_536, 'bytes', { min: 1024, max: 1 << 20 }, 'Handed to a socket in one write.'),
  slowFlushBytes: integer(
    16_384,
    'bytes',
    { min: 1024, max: 1 << 20 },
    'The same for a socket that did not take the last write at once: smaller pieces show that it moves.',
  ),
  totalBytes: integer(
    268_435_456,
    'bytes',
    { min: 65_536, max: 2 ** 40 },
    'What all sockets together may have waiting; beyond it pushes are let go and api requests refused.',
  ),
  markedCount: integer(
    64,
    'count',
    { min: 1, max: 10_000 },
    'Conversations remembered as let go; more are announced as «any».',
  ),
} as const;

export type OutboundOptions = OptionsOf<typeof OUTBOUND_OPTIONS>;

const NONE: Uint8Array[] = [];

/** What all queues of a gateway hold together. */
export interface OutboundTotal {
  bytes: number;
}

export class OutboundQueue {
  readonly #options: OutboundOptions;
  /** A ring would hold memory for every idle connection: this array is given away whole at most flushes. */
  #frames: Uint8Array[] = NONE;
  #head = 0;
  #queuedBytes = 0;
  #writingBytes = 0;
  #marked: Set<ConversationName> | undefined;
  #markedAny = false;
  readonly #total: OutboundTotal;

  constructor(options: OutboundOptions, total: OutboundTotal) {
    this.#options = options;
    this.#total = total;
  }

  /** Bytes queued or in a write that the kernel has not taken yet. */
  get bytes(): number {
    return this.#queuedBytes + this.#writingBytes;
  }

  get frameCount(): number {
    return this.#frames.length - this.#head;
  }

  get isEmpty(): boolean {
    return this.#queuedBytes === 0;
  }

  get isMarked(): boolean {
    return this.#marked !== undefined || this.#markedAny;
  }

  /** For answers: always taken, because what causes them is bounded. */
  enqueue(chunk: Uint8Array): void {
    if (this.#frames === NONE) this.#frames = [];
    this.#frames.push(chunk);
    this.#queuedBytes += chunk.length;
    this.#total.bytes += chunk.length;
  }

  /** For pushes: false where it was let go and its conversation marked (undefined: «any»). */
  enqueuePush(chunk: Uint8Array, conv: ConversationName | undefined): boolean {
    if (this.#markedAny || (conv !== undefined && this.#marked?.has(conv) === true)) return false;
    const isFull = this.bytes + chunk.length > this.#options.queueBytes;
    if (isFull || this.#total.bytes >= this.#options.totalBytes) {
      this.#mark(conv);
      return false;
    }
    this.enqueue(chunk);
    return true;
  }

  /** Whether pushes of so many bytes fit; anything fits an empty queue. For clients that cannot be told of a loss. */
  fits(bytes: number): boolean {
    if (this.#total.bytes >= this.#options.totalBytes) return false;
    return this.bytes === 0 || this.bytes + bytes <= this.#options.queueBytes;
  }

  /** There is room for a page from the store. */
  get isHalfEmpty(): boolean {
    return this.bytes * 2 <= this.#options.queueBytes;
  }

  #mark(conv: ConversationName | undefined): void {
    this.#marked ??= new Set();
    if (conv !== undefined && this.#marked.size < this.#options.markedCount) this.#marked.add(conv);
    else this.#markedAny = true;
  }

  /** Takes what goes into the next write; `wrote` gives the room back when the kernel has it. */
  takeFlush(isSlow: boolean): readonly Uint8Array[] {
    const limit = isSlow ? this.#options.slowFlushBytes : this.#options.flushBytes;
    if (this.#head === 0 && this.#queuedBytes <= limit) {
      const all = this.#frames;
      this.#frames = NONE;
      this.#writingBytes += this.#queuedBytes;
      this.#queuedBytes = 0;
      return all;
    }
    let end = this.#head;
    let bytes = 0;
    while (end < this.#frames.length) {
      const size = this.#frames[end]?.length ?? 0;
      if (end > this.#head && bytes + size > limit) break;
      bytes += size;
      end++;
    }
    const part = this.#frames.slice(this.#head, end);
    this.#frames.fill(NOTHING, this.#head, end);
    this.#head = end;
    this.#compact();
    this.#queuedBytes -= bytes;
    this.#writingBytes += bytes;
    return part;
  }

  #compact(): void {
    if (this.#head === this.#frames.length) {
      this.#frames = NONE;
      this.#head = 0;
    } else if (this.#head > 256 && this.#head * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
  }

  wrote(): void {
    this.#total.bytes -= this.#writingBytes;
    this.#writingBytes = 0;
  }

  /** The connection is gone: nothing of this will be written any more. */
  discard(): void {
    this.#total.bytes -= this.bytes;
    this.#frames = NONE;
    this.#head = 0;
    this.#queuedBytes = 0;
    this.#writingBytes = 0;
  }

  /** At half-empty: the conversations to announce ([] for «any»), forgotten here; undefined where there is nothing. */
  takeMarked(): readonly ConversationName[] | undefined {
    if (!this.isMarked || this.bytes * 2 > this.#options.queueBytes) return undefined;
    const conversations = this.#markedAny ? [] : [...(this.#marked ?? [])];
    this.#marked = undefined;
    this.#markedAny = false;
    return conversations;
  }
}

const NOTHING = new Uint8Array(0);
