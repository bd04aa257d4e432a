/**
 * A WebSocket client of bare TCP, for what no library does: it takes what comes, and neither answers a close frame
 * nor ends its socket unless it is told to.
 */
import { connect, type Socket } from 'node:net';
import { waitUntil } from './wait.js';

export class TcpPeer {
  readonly #socket: Socket;
  /** All that came, as Latin-1: frames of the server are not masked, so their text can be looked for. */
  #text = '';
  #saidAtMs = 0;
  #endedAtMs = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => (this.#text += data.toString('latin1')));
    socket.on('error', () => undefined);
    for (const event of ['end', 'close'] as const)
      socket.on(event, () => (this.#endedAtMs ||= performance.now()));
  }

  /** Upgraded and signed in. */
  static async signIn(url: string, token: string): Promise<TcpPeer> {
    const { hostname, port, pathname } = new URL(url);
    const peer = new TcpPeer(connect({ host: hostname, port: Number(port), allowHalfOpen: true }));
    peer.#socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await waitUntil('the upgrade', () => peer.text.includes('101 Switching'));
    peer.say(JSON.stringify({ seq: 1, action: 'authenticate', data: { credential: token } }));
    await waitUntil(
      () => `the sign-in; heard ${peer.text}`,
      () => peer.text.includes('notify.success'),
    );
    return peer;
  }

  get text(): string {
    return this.#text;
  }

  /** The server has ended its side, or the whole socket is gone. */
  get isEnded(): boolean {
    return this.#endedAtMs > 0;
  }

  /** From the last thing that it said to the end. */
  get silenceMs(): number {
    return this.#endedAtMs - this.#saidAtMs;
  }

  say(text: string): void {
    this.#saidAtMs = performance.now();
    this.#socket.write(maskedText(text));
  }

  /** In good order, but without a close frame. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** A client's text frame of 126 to 65,535 bytes, with a mask of zeros; RFC 6455 section 5.2. */
function maskedText(text: string): Buffer {
  const body = Buffer.from(text.padEnd(126));
  const header = Buffer.from([0x81, 0x80 | 126, body.length >> 8, body.length & 0xff, 0, 0, 0, 0]);
  return Buffer.concat([header, body]);
}
