/**
 * A WebSocket client that does nothing but cut frames: where 150,000 of them arrive in a second, a full client on the
 * one core of the generator would be what is measured. Text frames of our own server only; sends are masked.
 */
import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export interface LeanEvents {
  /** The bytes of one text frame, valid only during the call. */
  frame(bytes: Buffer): void;
  /** Not by `close`. */
  closed(reason: string): void;
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const OP_TEXT = 1;
const OP_CLOSE = 8;
const FIN = 0x80;
const MASKED = 0x80;
/** The same for all frames: masks protect proxies, and there is none here. */
const MASK = Buffer.from([0, 0, 0, 0]);

export class LeanSocket {
  readonly #socket: Socket;
  readonly #events: LeanEvents;
  #rest: Buffer | undefined;

  private constructor(socket: Socket, events: LeanEvents, rest: Buffer) {
    this.#socket = socket;
    this.#events = events;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => events.closed('the connection ended'));
    if (rest.length > 0) this.#read(rest);
  }

  /** Resolves when the upgrade has been answered. */
  static connect(url: string, events: LeanEvents): Promise<LeanSocket> {
    const { hostname, port, pathname } = new URL(url);
    const key = randomBytes(16).toString('base64');
    const accept = createHash('sha1')
      .update(key + GUID)
      .digest('base64');
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      let head = Buffer.alloc(0);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.write(
          `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
            `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
        );
      });
      const onData = (chunk: Buffer): void => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end === -1) return;
        socket.off('data', onData).off('error', reject);
        const text = head.toString('latin1', 0, end);
        if (!text.startsWith('HTTP/1.1 101') || !text.includes(accept))
          reject(new Error(`not upgraded: ${text.slice(0, 40)}`));
        else resolve(new LeanSocket(socket, events, head.subarray(end + 4)));
      };
      socket.on('data', onData);
    });
  }

  send(text: string): void {
    const body = Buffer.from(text, 'utf8');
    const isLong = body.length > 125;
    const head = Buffer.alloc(isLong ? 8 : 6);
    head[0] = FIN | OP_TEXT;
    head[1] = MASKED | (isLong ? 126 : body.length);
    if (isLong) head.writeUInt16BE(body.length, 2);
    MASK.copy(head, isLong ? 4 : 2);
    this.#socket.write(Buffer.concat([head, body]));
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const size = frameSize(bytes, at);
      if (size === undefined || at + size.head + size.body > bytes.length) break;
      const opcode = (bytes[at] ?? 0) & 15;
      const start = at + size.head;
      at = start + size.body;
      if (opcode === OP_TEXT) this.#events.frame(bytes.subarray(start, at));
      else if (opcode === OP_CLOSE) this.#events.closed(`closed with ${bytes.readUInt16BE(start)}`);
    }
    this.#rest = at === bytes.length ? undefined : bytes.subarray(at);
  }
}

/** Undefined while its head is not there whole. */
function frameSize(bytes: Buffer, at: number): { readonly head: number; readonly body: number } | undefined {
  if (at + 2 > bytes.length) return undefined;
  const short = (bytes[at + 1] ?? 0) & 127;
  if (short < 126) return { head: 2, body: short };
  if (short === 126) return at + 4 > bytes.length ? undefined : { head: 4, body: bytes.readUInt16BE(at + 2) };
  return at + 10 > bytes.length ? undefined : { head: 10, body: Number(bytes.readBigUInt64BE(at + 2)) };
}
