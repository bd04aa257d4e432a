/**
 * A WebSocket as the gateway's Connection. Text frames are packed once and written to the raw socket, so one
 * buffer serves any number of readers; parsing, control frames and the close handshake are the library's.
 */
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { CLOSE_CODES, type CloseName } from '../../im/errors.js';
import type { Connection, FrameFormat } from '../../im/gateway/interface.js';
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
/** What the library reports where none came. */
const NO_CLOSE_FRAME = 1006;

export class WsConnection implements Connection {
  readonly id: number;
  readonly remoteAddress: string;
  readonly host: string;
  readonly format = WS_TEXT_FORMAT;
  readonly #place: WsConnectionOptions['place'];
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  /** The code of our close frame; 0 where we sent none, or only in answer to the other side's. */
  #closeCode = 0;

  constructor(options: WsConnectionOptions, ws: WebSocket, socket: Duplex) {
    this.id = options.id;
    this.remoteAddress = options.remoteAddress;
    this.host = options.host;
    this.#place = options.place;
    this.#ws = ws;
    this.#socket = socket;
  }

  write(chunks: readonly Uint8Array[], done: () => void): void {
    // After a close frame nothing may follow; `done` is not called, as for a socket that breaks under a write.
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    const first = chunks[0];
    if (first === undefined) return done();
    this.#socket.write(chunks.length === 1 ? first : Buffer.concat(chunks), (error) => {
      // A broken socket closes by itself: there is nothing left to write to.
      if (error === undefined || error === null) done();
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
    if (this.#ws.readyState === WebSocket.OPEN && this.#socket.writableLength < PONG_BELOW_BYTES)
      this.#ws.pong(data);
  }

  close(reason: CloseName): void {
    const { code, text } = CLOSE_CODES[reason];
    // Paused, the other side's close frame would never be read.
    this.#ws.resume();
    if (this.#ws.readyState === WebSocket.OPEN) this.#closeCode = code;
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
