/**
 * WebSocket frames as bytes, good and bad, written without a library so that nothing stops a bad one: RFC 6455
 * section 5.2, from a client, so masked.
 */
import type { Random } from './random.js';

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const FINAL = 0x80;
const MASKED = 0x80;
/** Any key is as good as another here. */
const MASK = Buffer.from([0x5a, 0xa5, 0x3c, 0xc3]);

export function textFrame(payload: Buffer): Buffer {
  return frame(FINAL | OPCODE.text, payload);
}

/** Odd, but a WebSocket: the connection lives on, whatever the payload says. */
export function oddFrame(payload: Buffer, random: Random): Buffer {
  const short = payload.subarray(0, 125);
  switch (random.below(4)) {
    case 0:
      return frame(FINAL | OPCODE.binary, payload);
    case 1:
      return frame(FINAL | OPCODE.ping, short);
    case 2:
      return frame(FINAL | OPCODE.pong, short);
    default: {
      const middle = random.below(payload.length + 1);
      const [head, tail] = [payload.subarray(0, middle), payload.subarray(middle)];
      const between = random.chance(0.5) ? frame(FINAL | OPCODE.ping, short) : Buffer.alloc(0);
      return Buffer.concat([frame(OPCODE.text, head), between, frame(FINAL | OPCODE.continuation, tail)]);
    }
  }
}

/** Breaks the framing: nothing after it on this connection means anything. */
export function breakingFrame(payload: Buffer, random: Random, frameBytes: number): Buffer {
  switch (random.below(9)) {
    case 0: // A reserved bit.
      return frame(FINAL | 0x40 | OPCODE.text, payload);
    case 1: // An opcode that does not exist.
      return frame(FINAL | random.pick([3, 7, 11, 15]), payload);
    case 2: // Unmasked.
      return Buffer.concat([Buffer.from([FINAL | OPCODE.text, Math.min(payload.length, 125)]), payload]);
    case 3: // A control frame that is too long, or in pieces.
      return random.chance(0.5)
        ? frame(FINAL | OPCODE.ping, Buffer.alloc(126 + random.below(100)))
        : frame(OPCODE.ping, payload.subarray(0, 10));
    case 4: // A continuation of nothing.
      return frame(FINAL | OPCODE.continuation, payload);
    case 5: // Larger than allowed, by its own word.
      return header(FINAL | OPCODE.text, random.pick([frameBytes + 1, 2 ** 31, 2 ** 53]));
    case 6: // Cut off.
      return textFrame(payload).subarray(0, random.below(payload.length + 6));
    case 7: // Not UTF-8.
      return textFrame(
        Buffer.concat([payload, Buffer.from(random.pick([[0xff], [0xc0, 0x80], [0xed, 0xa0]]))]),
      );
    default: // A close with a forbidden code, one byte of a code, or any bytes as its reason.
      return frame(
        FINAL | OPCODE.close,
        Buffer.from(random.pick([[0x03], [0x03, 0xed], [0x00, 0x00], [0x03, 0xe8, 0xff, 0xfe], []])),
      );
  }
}

function frame(first: number, payload: Buffer): Buffer {
  const masked = Buffer.allocUnsafe(payload.length);
  for (let index = 0; index < payload.length; index++) {
    masked[index] = (payload[index] ?? 0) ^ (MASK[index & 3] ?? 0);
  }
  return Buffer.concat([header(first, payload.length), masked]);
}

function header(first: number, length: number): Buffer {
  if (length < 126) return Buffer.from([first, MASKED | length, ...MASK]);
  if (length < 65_536) return Buffer.from([first, MASKED | 126, length >> 8, length & 0xff, ...MASK]);
  const bytes = Buffer.alloc(14);
  bytes[0] = first;
  bytes[1] = MASKED | 127;
  bytes.writeBigUInt64BE(BigInt(length), 2);
  MASK.copy(bytes, 10);
  return bytes;
}
