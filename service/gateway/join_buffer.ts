/**
 * Joins the frames of one write without new memory: the kernel copies what it takes, so one buffer serves all writes
 * that end at once. One that does not end keeps its bytes until it does, and the next gets a new buffer.
 */

/** As much as a slow socket is given at a time: what such a write keeps is hardly more than what it waits with. */
const JOIN_BYTES = 16_384;

export class JoinBuffer {
  #buffer = Buffer.allocUnsafeSlow(JOIN_BYTES);
  #isLent = false;

  /** The bytes are valid until the next call, or for ever where `keep` is called before it. */
  join(chunks: readonly Uint8Array[]): Uint8Array {
    if (this.#isLent) {
      this.#buffer = Buffer.allocUnsafeSlow(JOIN_BYTES);
      this.#isLent = false;
    }
    let end = 0;
    for (const chunk of chunks) {
      if (end + chunk.length > JOIN_BYTES) return Buffer.concat(chunks);
      this.#buffer.set(chunk, end);
      end += chunk.length;
    }
    return this.#buffer.subarray(0, end);
  }

  /** What was joined last is still being written. */
  keep(): void {
    this.#isLent = true;
  }
}
