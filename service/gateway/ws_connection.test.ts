/** Large frames to slow readers: each piece that the socket takes counts, and nothing comes in between. Probes. */
import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { WebSocketServer } from 'ws';
import { CLOSE_CODES, type CloseName } from '../../im/errors.js';
import { Client } from '../../im/gateway/client.js';
import { FlushPace } from '../../im/gateway/flush_pace.js';
import { Flusher } from '../../im/gateway/flusher.js';
import { OUTBOUND_OPTIONS, OutboundQueue } from '../../im/gateway/outbound_queue.js';
import { Sweeper } from '../../im/gateway/sweeper.js';
import { defaultsOf } from '../../pkg/config/option.js';
import { waitUntil } from '../../test/support/wait.js';
import { WS_TEXT_FORMAT, WsConnection } from './ws_connection.js';

const STUCK_MS = 250;
const TEXT = 'x'.repeat(1_000_000);
const nothing = (): void => undefined;

/** Takes so many bytes in a ms, and says that a write is done when it has all of it, as a kernel does. */
class SlowSocket extends Duplex {
  readonly taken: Buffer[] = [];
  bytesPerMs = Infinity;
  #timer: NodeJS.Timeout | undefined;

  get text(): string {
    return Buffer.concat(this.taken).toString('latin1');
  }

  override _read(): void {
    return;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this._writev([{ chunk }], done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    const bytes = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this.taken.push(bytes);
    this.#timer = setTimeout(done, bytes.length / this.bytesPerMs);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    done(error);
  }
}

interface Scene {
  readonly socket: SlowSocket;
  readonly connection: WsConnection;
  readonly closes: readonly CloseName[];
  readonly send: (text: string) => void;
}

/** Reads what it was given only when it is told to, as a kernel does with what it had no room for. */
class HoldingSocket extends Duplex {
  isHolding = false;
  text = '';
  #release: (() => void) | undefined;

  release(): void {
    this.isHolding = false;
    this.#release?.();
  }

  override _read(): void {
    return;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const take = (): void => {
      this.text += chunk.toString('latin1');
      done();
    };
    if (this.isHolding) this.#release = take;
    else take();
  }
}

async function connect(t: TestContext, socket: Duplex): Promise<WsConnection> {
  t.after(() => socket.destroy());
  const request = new IncomingMessage(new Socket());
  request.method = 'GET';
  const key = Buffer.alloc(16).toString('base64');
  Object.assign(request.headers, {
    ...{ connection: 'Upgrade', upgrade: 'websocket' },
    ...{ 'sec-websocket-key': key, 'sec-websocket-version': '13' },
  });
  const server = new WebSocketServer({ noServer: true, autoPong: false });
  return new Promise<WsConnection>((resolve) =>
    server.handleUpgrade(request, socket, Buffer.alloc(0), (ws) => {
      const place = { signedIn: nothing };
      resolve(new WsConnection({ id: 1, remoteAddress: '127.0.0.1', host: 'a', place }, ws, socket));
    }),
  );
}

/** A connection over a slow socket, with what writes to it and what looks after it. */
async function open(t: TestContext, bytesPerMs: number): Promise<Scene> {
  const socket = new SlowSocket();
  const connection = await connect(t, socket);
  await waitUntil('the upgrade to be written', () => socket.writableLength === 0);
  socket.taken.length = 0;
  socket.bytesPerMs = bytesPerMs;
  const queue = new OutboundQueue(defaultsOf(OUTBOUND_OPTIONS), { bytes: 0 });
  const client = new Client(connection, queue, performance.now());
  const flusher = new Flusher({ flushBytes: 65_536 }, new FlushPace({ groupFlushMs: 0 }), {
    drained: nothing,
  });
  const closes: CloseName[] = [];
  const close = (_client: Client, reason: CloseName): void => {
    closes.push(reason);
    client.isClosed = true;
  };
  const sweeper = new Sweeper(
    { signInDeadlineMs: 60_000, stuckMs: STUCK_MS, drainMs: 60_000, tokenCheckMs: 60_000, sweepMs: 10 },
    {
      clients: () => [client],
      heartbeat: { look: () => Infinity },
      authenticator: { superseded: () => Promise.resolve([]) },
      logger: { error: nothing, warn: nothing, info: nothing, debug: nothing },
      close,
      cut: close,
    },
  );
  sweeper.watch(client);
  sweeper.start();
  t.after(() => sweeper.stop());
  const send = (text: string): void => {
    client.outbound.enqueue(WS_TEXT_FORMAT.pack(text));
    flusher.schedule(client);
  };
  return { socket, connection, closes, send };
}

const packed = (text: string): string => Buffer.from(WS_TEXT_FORMAT.pack(text)).toString('latin1');

test('one that reads steadily gets a frame that takes it far longer than a stuck one is given', async (t) => {
  const { socket, connection, closes, send } = await open(t, 800);
  const startMs = performance.now();
  send(TEXT);
  send('the next');
  await waitUntil('the first piece', () => socket.taken.length > 0);
  connection.pong(Buffer.from('early'));
  await waitUntil('all of it', () => socket.text.length === (packed(TEXT) + packed('the next')).length);
  assert.ok(performance.now() - startMs > 2 * STUCK_MS, 'slowly enough to show something');
  assert.deepEqual(closes, []);
  assert.ok(socket.text === packed(TEXT) + packed('the next'), 'unchanged, and nothing within it');
  await waitUntil('the last write to be taken', () => socket.writableLength === 0);
  connection.pong(Buffer.from('late'));
  await waitUntil('the pong', () => socket.text.endsWith('late'));
});

test('one that takes nothing of it is closed', async (t) => {
  const { closes, send } = await open(t, 0.001);
  send(TEXT);
  await waitUntil('its end', () => closes.length > 0);
  assert.deepEqual(closes, ['TOO_SLOW']);
});

test('a close in the middle of a frame stands behind the whole frame', async (t) => {
  const { socket, connection, send } = await open(t, 5000);
  send(TEXT);
  await waitUntil('the first piece', () => socket.taken.length > 0);
  connection.close('GOING_AWAY');
  const { code, text } = CLOSE_CODES.GOING_AWAY;
  const ending = Buffer.alloc(4);
  ending.writeUInt16BE(0x8800 + 2 + Buffer.byteLength(text));
  ending.writeUInt16BE(code, 2);
  const expected = packed(TEXT) + ending.toString('latin1') + text;
  await waitUntil('all of it', () => socket.text.length >= expected.length);
  assert.ok(socket.text === expected);
});

test('a write that the kernel takes at once is done at once; one that it does not keeps its bytes', async (t) => {
  const [quick, slow] = [new HoldingSocket(), new HoldingSocket()];
  const [one, other] = [await connect(t, quick), await connect(t, slow)];
  const before = [quick.text.length, slow.text.length];
  slow.isHolding = true;
  const done: string[] = [];
  const frames = (text: string): Uint8Array[] => Array.from(text, (letter) => WS_TEXT_FORMAT.pack(letter));
  other.write(frames('abc'), () => void done.push('slow'));
  one.write(frames('xyz'), () => void done.push('quick'));
  one.write(frames('uvw'), () => void done.push('quick again'));
  assert.deepEqual(done, ['quick', 'quick again'], 'in the same turn');
  slow.release();
  await waitUntil('the slow one', () => done.length === 3);
  const joined = (text: string): string => Array.from(text, packed).join('');
  assert.equal(slow.text.slice(before[1]), joined('abc'));
  assert.equal(quick.text.slice(before[0]), joined('xyzuvw'));
});

test('what a broken socket was given counts as written at no time', async (t) => {
  const socket = new HoldingSocket();
  const connection = await connect(t, socket);
  socket.destroy();
  let isWritten = false;
  connection.write([WS_TEXT_FORMAT.pack('a'), WS_TEXT_FORMAT.pack('b')], () => (isWritten = true));
  await new Promise(setImmediate);
  assert.equal(isWritten, false);
});

test('a probe is proved by its own pong or a later one, once, and by nothing else', async (t) => {
  const connection = await connect(t, new HoldingSocket());
  assert.equal(connection.ponged(Buffer.alloc(4)), false, 'nothing was asked');
  const proved: number[] = [];
  const ask = (number: number): Buffer => {
    const frame = connection.probe(() => void proved.push(number));
    assert.ok(frame !== undefined);
    assert.deepEqual([...frame.subarray(0, 2)], [0x89, frame.length - 2], 'an unmasked ping');
    return Buffer.from(frame.subarray(2));
  };
  const [one, two, three] = [ask(1), ask(2), ask(3)];
  for (const wrong of ['', 'a', 'some', 'something else']) {
    assert.equal(connection.ponged(Buffer.from(wrong)), false);
  }
  assert.equal(connection.ponged(Buffer.concat([one, Buffer.alloc(1)])), false);
  assert.deepEqual(proved, []);
  assert.equal(connection.ponged(two), true);
  assert.deepEqual(proved, [1, 2]);
  for (const late of [one, two]) assert.equal(connection.ponged(late), false);
  assert.equal(connection.ponged(three), true);
  assert.deepEqual(proved, [1, 2, 3]);
});

test('so many probes are remembered, and none is asked of a connection that closes', async (t) => {
  const socket = new HoldingSocket();
  const connection = await connect(t, socket);
  let count = 0;
  while (count < 1000 && connection.probe(nothing) !== undefined) count++;
  assert.ok(count < 100);
  const other = await connect(t, new HoldingSocket());
  other.close('GOING_AWAY');
  assert.equal(other.probe(nothing), undefined);
});

test('a probe behind a large frame stands behind the whole frame', async (t) => {
  const { socket, connection, send } = await open(t, 5000);
  send(TEXT);
  await waitUntil('the first piece', () => socket.taken.length > 0);
  const probe = connection.probe(nothing);
  assert.ok(probe !== undefined);
  await waitUntil('all of it', () => socket.text.length === packed(TEXT).length);
  await waitUntil('the write to end', () => socket.writableLength === 0);
  connection.write([WS_TEXT_FORMAT.pack(TEXT), probe], nothing);
  const expected = packed(TEXT) + packed(TEXT) + Buffer.from(probe).toString('latin1');
  await waitUntil('all of the next', () => socket.text.length >= expected.length);
  assert.ok(socket.text === expected);
});
