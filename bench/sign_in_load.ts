/** Clients that sign in with a token as fast as the server answers, a window of them at a time. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Account, SignInFigures, SignInPlan } from './plan.js';

/** Under way at once: the server must never wait for the generator. */
const WINDOW = 100;

export class SignInLoad {
  readonly #plan: SignInPlan;
  /** In the order of the accounts; opened before the measured part, or within it. */
  readonly #sockets: WebSocket[] = [];

  constructor(plan: SignInPlan) {
    this.#plan = plan;
  }

  async prepare(): Promise<void> {
    const { accounts, isOpen } = this.#plan;
    if (!isOpen) return;
    await inWindows(accounts, async (_account, index) => {
      this.#sockets[index] = await this.#open();
    });
  }

  async run(): Promise<SignInFigures> {
    const { accounts } = this.#plan;
    const startedAtMs = performance.now();
    const cpuBefore = process.cpuUsage();
    await inWindows(accounts, async (account, index) => {
      const socket = (this.#sockets[index] ??= await this.#open());
      await signIn(socket, account);
    });
    const seconds = (performance.now() - startedAtMs) / 1000;
    const cpu = process.cpuUsage(cpuBefore);
    return { seconds, generatorBusyPercent: (cpu.user + cpu.system) / 1e4 / seconds };
  }

  async #open(): Promise<WebSocket> {
    const socket = new WebSocket(this.#plan.wsUrl, { perMessageDeflate: false });
    await once(socket, 'open');
    return socket;
  }
}

async function signIn(socket: WebSocket, { token }: Account): Promise<void> {
  const answer = once(socket, 'message');
  socket.send(JSON.stringify({ action: 'authenticate', seq: 1, data: { v: 1, caps: ['interval'], token } }));
  const [text] = (await answer) as [Buffer];
  if (!text.includes('notify.success')) throw new Error(`not signed in: ${text.toString('utf8')}`);
}

async function inWindows(
  accounts: readonly Account[],
  work: (account: Account, index: number) => Promise<void>,
): Promise<void> {
  const entries = accounts.entries();
  const worker = async (): Promise<void> => {
    for (const [index, account] of entries) await work(account, index);
  };
  await Promise.all(Array.from({ length: WINDOW }, worker));
}
