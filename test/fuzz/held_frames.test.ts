/** What a connection said while the server was busy with it is answered, all of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../support/server.js';
import { waitUntil } from '../support/wait.js';
import { FuzzSocket } from './fuzz_socket.js';
import { textFrame } from './wire_frames.js';

const COUNT = 60;
/** Some are refused at once and some later: an answer at once must not forget those that still wait. */
const ACTIONS = ['api.user.profile', 'api.no.such.operation', 'api.session.recent', 'nothing'];

test('frames behind a sign-in, and more than may be under way, are all answered', async (t) => {
  const server = await TestServer.start(t, { flags: { 'log-level': 'error' } });
  const socket = await FuzzSocket.connect(server.urls.ws);
  t.after(() => {
    socket.destroy();
  });
  const frames = Array.from({ length: COUNT }, (_, index) => {
    const action = index === 0 ? 'api.auth' : ACTIONS[index % ACTIONS.length];
    return textFrame(Buffer.from(JSON.stringify({ action, data: {}, seq: index + 1 })));
  });
  await socket.send(Buffer.concat(frames));
  const answered = (): readonly number[] =>
    socket.heard.map((text) => Number(/"seq":(\d+)/.exec(text)?.[1])).sort((one, other) => one - other);
  await waitUntil(
    () => `${COUNT} answers; there are ${answered().join(' ')}`,
    () => socket.heard.length >= COUNT,
  );
  assert.deepEqual(
    answered(),
    Array.from({ length: COUNT }, (_, index) => index + 1),
  );
});
