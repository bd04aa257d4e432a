/**
 * Joins the frames of one write without new memory: the kernel copies what it takes, so one place serves all writes
 * that end at once. One that does not end keeps its bytes until it does, and the next are put behind them.
 */

/** What is larger is rare, and joined in memory of its own. */
const JOIN_BYTES = 16_384;
/** Replaced when it is full; what is kept of it lives until the last of its writes has ended. */
const SLAB_BYTES = 65_536;

export class JoinBuffer {
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #start = 0;
  /** Of what was joined last, if it lies in the slab. */
  #end = 0;

  /** The bytes are valid until the next call, or for ever where `keep` is called before it. */
  join(chunks: readonly Uint8Array[]): Uint8Array {
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    this.#end = this.#start;
    if (bytes > JOIN_BYTES) return Buffer.concat(chunks, bytes);
    if (this.#start + bytes > SLAB_BYTES) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#start = this.#end = 0;
    }
    for (const chunk of chunks) {
      this.#slab.set(chunk, this.#end);
      this.#end += chunk.length;
    }
    return this.#slab.subarray(this.#start, this.#end);
  }

  /** What was joined last is still being written. */
  keep(): void {
    this.#start = this.#end;
  }
}
