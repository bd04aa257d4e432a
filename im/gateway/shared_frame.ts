/** A frame for many connections: encoded once per dialect and format, when the first reader of that kind appears. */
import { encodeDown, type Dialect } from '../message/encoder.js';
import type { DownFrame } from '../message/message.js';
import type { FrameFormat } from './interface.js';

interface Encoded {
  readonly format: FrameFormat;
  readonly dialect: Dialect;
  readonly chunks: readonly Uint8Array[];
}

export class SharedFrame {
  readonly frame: DownFrame;
  /** At most one entry per dialect and format: a handful, so a scan beats a map. */
  readonly #encoded: Encoded[] = [];

  constructor(frame: DownFrame) {
    this.frame = frame;
  }

  chunks(dialect: Dialect, format: FrameFormat): readonly Uint8Array[] {
    for (const entry of this.#encoded) {
      if (entry.dialect === dialect && entry.format === format) return entry.chunks;
    }
    const chunks = encodeDown(this.frame, dialect).map((text) => format.pack(text));
    this.#encoded.push({ format, dialect, chunks });
    return chunks;
  }
}
