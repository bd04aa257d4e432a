/**
 * A WebSocket as the gateway's Connection. Text frames are packed once and written to the raw socket, so one
 * buffer serves any number of readers; parsing, control frames and the close handshake are the library's.
 */
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { CLOSE_CODES, type CloseName } from '../../im/errors.js';
import type { Connection, FrameFormat } from '../../im/gateway/interface.js';
import { JoinBuffer } from './join_buffer.js';
import type { SocketPlace } from './socket_caps.js';

/**
 * A server's unmasked, unfragmented text frame, RFC 6455 section 5.2:
 *
 *   0x81 | length < 126: one byte; < 2^16: 126 and two bytes; else 127 and eight bytes | UTF-8
 */
export const WS_TEXT_FORMAT: FrameFormat = {
  name: 'ws-text',
  pack(text) {
    const length = Buffer.byteLength(text);
    const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    const frame = Buffer.allocUnsafe(headerBytes + length);
    frame[0] = 0x81;
    if (headerBytes === 2) {
      frame[1] = length;
    } else if (headerBytes === 4) {
      frame[1] = 126;
      frame.writeUInt16BE(length, 2);
    } else {
      frame[1] = 127;
      frame.writeBigUInt64BE(BigInt(length), 2);
    }
    frame.write(text, headerBytes);
    return frame;
  },
};

export interface WsConnectionOptions {
  readonly id: number;
  readonly remoteAddress: string;
  readonly host: string;
  /** Among the sockets that are bounded in number. */
  readonly place: Pick<SocketPlace, 'signedIn'>;
}

/** A pong is owed only while so little waits in the socket: pings of a client that does not read are not answered. */
const PONG_BELOW_BYTES = 16_384;
/** What is larger is handed over in pieces, so that each shows that a slow reader is still one. */
const WHOLE_BYTES = 65_536;
const PIECE_BYTES = 16_384;
const NOTHING = Buffer.alloc(0);
const JOINED = new JoinBuffer();
/** An unmasked ping with a number of four bytes. */
const PROBE_HEAD = 0x8904;
const PROBE_NUMBER_BYTES = 4;
/** Under way at once. */
const PROBE_COUNT = 8;
/** What the library reports where none came. */
const NO_CLOSE_FRAME = 1006;

interface Probe {
  readonly number: number;
  readonly proved: () => void;
}

export class WsConnection implements Connection {
  readonly id: number;
  readonly remoteAddress: string;
  readonly host: string;
  readonly format = WS_TEXT_FORMAT;
  readonly #place: WsConnectionOptions['place'];
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #isEncrypted: boolean;
  /** The code of our close frame; 0 where we sent none, or only in answer to the other side's. */
  #closeCode = 0;
  /** Of a frame that is begun: nothing else may come in between. */
  #rest: Uint8Array | undefined;
  /** Made for the first one; the oldest first. */
  #probes: Probe[] | undefined;
  #probeNumber = 0;

  constructor(options: WsConnectionOptions, ws: WebSocket, socket: Duplex) {
    this.id = options.id;
    this.remoteAddress = options.remoteAddress;
    this.host = options.host;
    this.#place = options.place;
    this.#ws = ws;
    this.#socket = socket;
    this.#isEncrypted = socket instanceof TLSSocket;
  }

  write(chunks: readonly Uint8Array[], written: (isPart?: boolean) => void): void {
    // After a close frame nothing may follow; `written` is not called, as for a socket that breaks under a write.
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    const first = chunks[0];
    if (first === undefined) return written();
    const bytes = chunks.length === 1 ? first : this.#join(chunks);
    if (bytes.length > WHOLE_BYTES) return this.#writePiece(bytes, written);
    if (!this.#isEncrypted) {
      // Most writes the kernel takes at once, and a callback for each would cost a tenth of it. `false` is also what
      // a broken socket answers.
      if (this.#socket.write(bytes) && this.#socket.writableLength === 0) return written();
      if (bytes !== first) JOINED.keep();
    }
    this.#socket.write(this.#isEncrypted ? bytes : NOTHING, (error) => {
      // A broken socket closes by itself: there is nothing left to write to.
      if (error === undefined || error === null) written();
    });
  }

  #join(chunks: readonly Uint8Array[]): Uint8Array {
    // An encrypted write always ends later.
    return this.#isEncrypted ? Buffer.concat(chunks) : JOINED.join(chunks);
  }

  /** The next only when the last is taken: what waits in the socket is joined, and done only all at once. */
  #writePiece(bytes: Uint8Array, written: (isPart?: boolean) => void): void {
    this.#rest = bytes.length > PIECE_BYTES ? bytes.subarray(PIECE_BYTES) : undefined;
    this.#socket.write(bytes.subarray(0, PIECE_BYTES), (error) => {
      if (error !== undefined && error !== null) return;
      const rest = this.#rest;
      if (rest === undefined) return written();
      if (this.#ws.readyState !== WebSocket.OPEN) return;
      written(true);
      this.#writePiece(rest, written);
    });
  }

  signedIn(): void {
    this.#place.signedIn();
  }

  pause(): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.pause();
  }

  resume(): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.resume();
  }

  pong(data: Buffer): void {
    if (this.#ws.readyState !== WebSocket.OPEN || this.#rest !== undefined) return;
    if (this.#socket.writableLength < PONG_BELOW_BYTES) this.#ws.pong(data);
  }

  /** A ping, answered when all before it was read. */
  probe(proved: () => void): Uint8Array | undefined {
    if (this.#ws.readyState !== WebSocket.OPEN) return undefined;
    const probes = (this.#probes ??= []);
    if (probes.length >= PROBE_COUNT) return undefined;
    this.#probeNumber = (this.#probeNumber + 1) >>> 0;
    probes.push({ number: this.#probeNumber, proved });
    const frame = Buffer.allocUnsafe(2 + PROBE_NUMBER_BYTES);
    frame.writeUInt16BE(PROBE_HEAD);
    frame.writeUInt32BE(this.#probeNumber, 2);
    return frame;
  }

  /** A pong came. False: it answers no probe. Whoever answers what he was not sent yet deceives himself alone. */
  ponged(data: Buffer): boolean {
    const probes = this.#probes;
    if (probes === undefined || data.length !== PROBE_NUMBER_BYTES) return false;
    const number = data.readUInt32BE(0);
    const index = probes.findIndex((probe) => probe.number === number);
    if (index === -1) return false;
    // One pong for several pings is allowed: it answers all up to its own.
    for (const { proved } of probes.splice(0, index + 1)) proved();
    return true;
  }

  close(reason: CloseName): void {
    const { code, text } = CLOSE_CODES[reason];
    // Paused, the other side's close frame would never be read.
    this.#ws.resume();
    if (this.#ws.readyState === WebSocket.OPEN) {
      this.#closeCode = code;
      if (this.#rest !== undefined) this.#socket.write(this.#rest);
      this.#rest = undefined;
    }
    this.#ws.close(code, text);
  }

  /**
   * Whether the other side answered our close, told by how the socket ended: with a close frame that says our
   * code, or with an orderly end without one. Another code is a close of its own that crossed ours on the way.
   */
  answered(receivedCode: number): boolean {
    if (this.#closeCode === 0) return false;
    return (
      receivedCode === this.#closeCode || (receivedCode === NO_CLOSE_FRAME && this.#socket.readableEnded)
    );
  }
}
