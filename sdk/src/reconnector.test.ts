import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE_CODES } from '../../im/errors.js';
import { CLIENT_DEFAULTS } from './client_options.js';
import { Reconnector } from './reconnector.js';
import type { ConnectionState, WebSocketLike } from './types.js';
import { until } from './stage.js';

/** A socket that does nothing until the test calls what the client has set. */
class DeadSocket implements WebSocketLike {
  readonly readyState = 0;
  readonly bufferedAmount = 0;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  send(): void {
    throw new Error('not open');
  }
  close(): void {
    this.onclose?.({ code: 1006, reason: '' });
  }
}

/** How long it waits, at most, after a socket that ended with `code`. */
async function waitAfter(code: number): Promise<number> {
  const states: ConnectionState[] = [];
  const sockets: DeadSocket[] = [];
  const reconnector = new Reconnector(
    {
      url: () => Promise.resolve('ws://nowhere'),
      token: () => Promise.resolve('a token'),
      tuning: CLIENT_DEFAULTS,
      webSocket: () => {
        const socket = new DeadSocket();
        sockets.push(socket);
        return socket;
      },
    },
    {
      signedIn: () => undefined,
      frame: () => undefined,
      refused: () => undefined,
      lost: () => undefined,
      state: (state) => states.push(state),
      wakeBy: () => undefined,
      cursor: () => undefined,
      // The latest that can be drawn.
      random: () => 0.999_999,
    },
  );
  reconnector.start();
  await until(() => sockets.length === 1, 'a socket');
  sockets[0]?.onclose?.({ code, reason: '' });
  const state = states.at(-1);
  await reconnector.stop();
  return state?.name === 'offline' ? state.retryInMs : NaN;
}

void test('a server that goes down has its clients come back over a longer time than a network that broke', async () => {
  assert.equal(await waitAfter(1006), CLIENT_DEFAULTS.reconnectMinMs);
  assert.equal(await waitAfter(CLOSE_CODES.GOING_AWAY.code), 4 * CLIENT_DEFAULTS.reconnectMinMs);
});
