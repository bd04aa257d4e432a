/** A refused upgrade is over soon, whatever its client does with its own half of the connection. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'node:test';
import { TestServer } from '../support/server.js';
import { deadline } from '../support/wait.js';

test('a refused client that keeps its half open is cut', async (t) => {
  const server = await TestServer.start(t);
  const { hostname, port } = new URL(server.urls.ws);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  t.after(() => socket.destroy());
  const cut = new Promise((resolve) => socket.once('error', resolve));
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.write(
    'GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await deadline(once(socket, 'end'), 10_000, () => 'no answer');
  assert.match(text, /^HTTP\/1\.1 404 /);
  // Only a write tells one half that nobody is at the other end any more.
  const prod = setInterval(() => socket.write('x'), 100);
  t.after(() => clearInterval(prod));
  await deadline(cut, 10_000, () => 'the socket is kept');
});
