/**
 * Connections that come and go in every way that a connection ends: signed in or not, closed politely, cut without
 * a word, reset, cut in the middle of a frame or of the upgrade.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { SeededUser } from '../support/seed.js';
import { deadline } from '../support/wait.js';

/** At once: enough to be quick, few enough not to be a storm. */
const VISITORS = 16;
const STEP_LIMIT_MS = 20_000;
/** The first bytes of a frame that never comes to its end. */
const HALF_A_FRAME = Buffer.from([0x81, 0xfe, 0x10, 0x00, 1, 2, 3, 4, 5]);

type Leaving = 'politely' | 'cut' | 'reset' | 'mid-frame' | 'mid-upgrade';
const LEAVINGS: readonly Leaving[] = [
  'politely',
  'cut',
  'politely',
  'reset',
  'mid-frame',
  'politely',
  'mid-upgrade',
];

export class Visitors {
  /** So far. */
  count = 0;
  signedInCount = 0;
  readonly #wsUrl: string;
  readonly #users: readonly SeededUser[];

  constructor(wsUrl: string, users: readonly SeededUser[]) {
    this.#wsUrl = wsUrl;
    this.#users = users;
  }

  /** Lets come and go until there were `count` altogether. */
  async until(count: number): Promise<void> {
    const work = async (): Promise<void> => {
      while (this.count < count) await this.#visit(this.count++);
    };
    await Promise.all(Array.from({ length: VISITORS }, work));
  }

  async #visit(index: number): Promise<void> {
    const leaving = LEAVINGS[index % LEAVINGS.length] ?? 'cut';
    if (leaving === 'mid-upgrade') return cutUpgrade(new URL(this.#wsUrl));
    // Every second one signs in; a user comes again only after all others.
    const user = index % 2 === 0 ? this.#users[(index / 2) % this.#users.length] : undefined;
    const ws = new WebSocket(this.#wsUrl, { perMessageDeflate: false });
    ws.on('error', () => undefined);
    await step(once(ws, 'open'), 'the upgrade');
    if (user !== undefined) {
      const answer = once(ws, 'message');
      const data = { v: 1, caps: ['interval'], token: user.token };
      ws.send(JSON.stringify({ action: 'authenticate', seq: 1, data }));
      const [text] = (await step(answer, 'the sign-in')) as [Buffer];
      if (!text.includes('notify.success')) throw new Error(`not signed in: ${text.toString('utf8')}`);
      this.signedInCount++;
    }
    await leave(ws, leaving);
  }
}

async function leave(ws: WebSocket, leaving: Leaving): Promise<void> {
  const gone = once(ws, 'close');
  if (leaving === 'politely') ws.close(1000);
  else if (leaving === 'cut') ws.terminate();
  else {
    const socket = rawSocketOf(ws);
    if (leaving === 'mid-frame') socket.write(HALF_A_FRAME);
    socket.resetAndDestroy();
  }
  await step(gone, 'the end');
}

/** The library has no word for a reset. */
function rawSocketOf(ws: WebSocket): Socket {
  const socket: unknown = Reflect.get(ws, '_socket');
  if (typeof socket !== 'object' || socket === null || !('resetAndDestroy' in socket))
    throw new TypeError('the library has changed: no _socket');
  return socket as Socket;
}

async function cutUpgrade({ hostname, port, pathname }: URL): Promise<void> {
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  await step(once(socket, 'connect'), 'a connection');
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: webs`);
  const gone = once(socket, 'close');
  socket.resetAndDestroy();
  await step(gone, 'the end');
}

function step<Value>(promise: Promise<Value>, what: string): Promise<Value> {
  return deadline(promise, STEP_LIMIT_MS, () => `${what} did not come`);
}
