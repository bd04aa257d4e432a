/**
 * One connection that says whatever bytes it is given and understands just enough of the answers: which request
 * was answered, whether the server admitted a fault of its own, and with which code it closed.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { deadline } from '../support/wait.js';
import { textFrame } from './wire_frames.js';

/** Any 16 bytes; the answer to it is not checked. */
const KEY = 'c2FpbHBsYW5lLWZ1enohIQ==';
const END_OF_HEAD = '\r\n\r\n';
const CLOSE = 8;
const ANSWER_LIMIT_MS = 30_000;
const KEPT_FAULTS = 5;
const KEPT_FRAMES = 200;

export class FuzzSocket {
  /** Answers that say that the server itself failed. */
  readonly faults: string[] = [];
  /** The first answers and pushes, as they came. */
  readonly heard: string[] = [];
  /** Of the server's close frame; 0 where it cut the connection without one. Undefined while it is open. */
  closeCode: number | undefined;
  readonly #socket: Socket;
  #inbound: Buffer = Buffer.alloc(0);
  #isUpgraded = false;
  #status = '';
  #awaited: { readonly seq: number; readonly settle: (text: string | undefined) => void } | undefined;
  #upgraded: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    // A reset is a close like any other here.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closeCode ??= 0;
      this.#awaited?.settle(undefined);
      this.#upgraded?.();
    });
  }

  /** Throws where the server takes no connection: that would be what a frame must never do. */
  static async connect(url: string): Promise<FuzzSocket> {
    const { hostname, port, pathname } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const fuzz = new FuzzSocket(socket);
    const done = new Promise<void>((resolve) => (fuzz.#upgraded = resolve));
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    );
    await deadline(done, ANSWER_LIMIT_MS, () => 'no answer to an upgrade');
    if (!fuzz.#isUpgraded) throw new Error(`no WebSocket: ${fuzz.#status || 'the connection was closed'}`);
    return fuzz;
  }

  get isOpen(): boolean {
    return this.closeCode === undefined;
  }

  /** Waits while the server reads slower than we write; false once the connection is gone. */
  async send(bytes: Buffer): Promise<boolean> {
    if (!this.isOpen || !this.#socket.writable) return false;
    if (!this.#socket.write(bytes)) {
      await deadline(
        Promise.race([once(this.#socket, 'drain'), once(this.#socket, 'close')]),
        ANSWER_LIMIT_MS,
        () => 'the server reads no more and does not close',
      );
    }
    return this.isOpen;
  }

  /** The answer with this `seq`, or undefined where the connection was closed instead. */
  async ask(text: string, seq: number): Promise<string | undefined> {
    if (!this.isOpen) return undefined;
    const answer = new Promise<string | undefined>((settle) => (this.#awaited = { seq, settle }));
    this.#socket.write(textFrame(Buffer.from(text)));
    const heard = await deadline(answer, ANSWER_LIMIT_MS, () => `neither an answer nor a close: ${text}`);
    this.#awaited = undefined;
    return heard;
  }

  /** Resolves when the server has closed; throws where it does not within `limitMs`. */
  async closed(limitMs: number): Promise<void> {
    if (this.#socket.destroyed) return;
    await deadline(once(this.#socket, 'close'), limitMs, () => 'a broken connection was not closed');
  }

  /** Says that nothing more will come, and goes on listening. */
  endWriting(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#inbound = this.#inbound.length === 0 ? chunk : Buffer.concat([this.#inbound, chunk]);
    if (!this.#isUpgraded && !this.#readHead()) return;
    for (let frame = this.#nextFrame(); frame !== undefined; frame = this.#nextFrame()) this.#heard(frame);
  }

  #readHead(): boolean {
    const end = this.#inbound.indexOf(END_OF_HEAD);
    if (end < 0) return false;
    this.#status = this.#inbound.toString('latin1', 0, this.#inbound.indexOf('\r\n'));
    if (!this.#status.includes(' 101 ')) {
      this.#socket.destroy();
      return false;
    }
    this.#inbound = this.#inbound.subarray(end + END_OF_HEAD.length);
    this.#isUpgraded = true;
    this.#upgraded?.();
    return true;
  }

  /** A server's frames are unmasked and whole; the first byte says what it is. */
  #nextFrame(): Buffer | undefined {
    const bytes = this.#inbound;
    if (bytes.length < 2) return undefined;
    const short = (bytes[1] ?? 0) & 0x7f;
    const headerBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < headerBytes) return undefined;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < headerBytes + length) return undefined;
    this.#inbound = bytes.subarray(headerBytes + length);
    if (((bytes[0] ?? 0) & 0x0f) === CLOSE) {
      this.closeCode = length >= 2 ? bytes.readUInt16BE(headerBytes) : 0;
      this.#socket.end();
      return undefined;
    }
    return bytes.subarray(headerBytes, headerBytes + length);
  }

  #heard(frame: Buffer): void {
    const text = frame.toString('utf8');
    if (this.heard.length < KEPT_FRAMES) this.heard.push(text);
    if (text.includes('internal error') && this.faults.length < KEPT_FAULTS) this.faults.push(text);
    const awaited = this.#awaited;
    if (awaited !== undefined && text.toLowerCase().includes(`"seq":${awaited.seq},`)) awaited.settle(text);
  }
}
