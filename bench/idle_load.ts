/** Connections that sign in and stay: what one costs the server that has nothing to do for it. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Account, IdlePlan } from './plan.js';

const CONNECT_WINDOW = 50;
/** A beat within the server's probe interval, as the SDK does. */
const HEARTBEAT_MS = 25_000;

export class IdleLoad {
  readonly #plan: IdlePlan;
  readonly #sockets: WebSocket[] = [];

  constructor(plan: IdlePlan) {
    this.#plan = plan;
  }

  async connect(): Promise<void> {
    const queue = [...this.#plan.accounts];
    const work = async (): Promise<void> => {
      for (let account = queue.pop(); account !== undefined; account = queue.pop())
        await this.#signIn(account);
    };
    await Promise.all(Array.from({ length: CONNECT_WINDOW }, work));
    setInterval(() => {
      for (const socket of this.#sockets) socket.send('{"action":"heartbeat","data":{}}');
    }, HEARTBEAT_MS);
  }

  async #signIn({ token }: Account): Promise<void> {
    const socket = new WebSocket(this.#plan.wsUrl, { perMessageDeflate: false });
    this.#sockets.push(socket);
    await once(socket, 'open');
    const answer = once(socket, 'message');
    const data = { version: 1, v: 1, caps: [], credential: token };
    socket.send(JSON.stringify({ action: 'authenticate', seq: 1, data }));
    const [text] = (await answer) as [Buffer];
    if (!text.includes('notify.success')) throw new Error(`not signed in: ${text.toString('utf8')}`);
  }
}
