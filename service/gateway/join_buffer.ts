/**
 * Joins the frames of one write without new memory: the kernel copies what it takes, so one place serves all writes
 * that end at once. One that does not end keeps its bytes until it does, and the next are put behind them. What is
 * kept holds the whole slab that it lies in, also when all its neighbours have ended: so there is a slab for each
 * size of writes, and a few of them fill it.
 */

/** What is larger is rare, and joined in memory of its own. */
const JOIN_BYTES = 16_384;
/** Writes up to this share the smallest slabs. */
const SMALL_BYTES = 512;
/** Also the most that a small write can hold. */
const SMALLEST_SLAB_BYTES = 4096;
/** Of the largest size that belongs in it: so a write holds at most eight times its own bytes. */
const WRITES_PER_SLAB = 4;

/** Replaced when it is full; what is kept of it lives until the last of its writes has ended. */
interface Slab {
  memory: Buffer;
  start: number;
}

export class JoinBuffer {
  /** By size: up to 512 bytes, up to 1024, and so on. */
  readonly #slabs: Slab[] = [];
  /** Where the last was joined, and up to where; undefined: in memory of its own. */
  #slab: Slab | undefined;
  #end = 0;

  /** The bytes are valid until the next call, or for ever where `keep` is called before it. */
  join(chunks: readonly Uint8Array[]): Uint8Array {
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    if (bytes > JOIN_BYTES) {
      this.#slab = undefined;
      return Buffer.concat(chunks, bytes);
    }
    const slab = this.#slabFor(bytes);
    let end = slab.start;
    for (const chunk of chunks) {
      slab.memory.set(chunk, end);
      end += chunk.length;
    }
    this.#slab = slab;
    this.#end = end;
    return slab.memory.subarray(slab.start, end);
  }

  /** What was joined last is still being written. */
  keep(): void {
    if (this.#slab !== undefined) this.#slab.start = this.#end;
  }

  #slabFor(bytes: number): Slab {
    const size = bytes <= SMALL_BYTES ? 0 : Math.clz32(SMALL_BYTES - 1) - Math.clz32(bytes - 1);
    const slab = this.#slabs[size];
    if (slab !== undefined && slab.start + bytes <= slab.memory.length) return slab;
    const slabBytes = Math.max(SMALLEST_SLAB_BYTES, WRITES_PER_SLAB * (SMALL_BYTES << size));
    return (this.#slabs[size] = { memory: Buffer.allocUnsafeSlow(slabBytes), start: 0 });
  }
}
