/** Clients of our SDK that remember their conversations, as apps keep them, and all come back in the same moment. */
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { chatConversation } from '../im/message/conversation.js';
import { known, toUid } from '../im/message/ids.js';
import { SailplaneClient } from '../sdk/src/client.js';
import type { SavedState } from '../sdk/src/types.js';
import { KNOWN_SEQ, MISSED_TO_EITHER_SIDE, neighbours } from './acquaintances.js';
import { Latencies } from './histogram.js';
import type { ReconnectFigures, ReconnectPlan } from './plan.js';

/** The last of a client's missed messages may be shown a turn after it says that it is in sync. */
const SHOWN_LIMIT_MS = 5000;
const POLL_MS = 5;

export class ReconnectLoad {
  readonly #plan: ReconnectPlan;
  readonly #clients: readonly SailplaneClient[];
  #shownCount = 0;

  constructor(plan: ReconnectPlan) {
    this.#plan = plan;
    this.#clients = plan.accounts.map((_, index) => this.#client(index));
  }

  /** Resolves when everybody is in sync and shows what he had missed; rejects where somebody does not. */
  async run(): Promise<ReconnectFigures> {
    const latencies = new Latencies();
    const startedAtMs = performance.now();
    const cpuBefore = process.cpuUsage();
    await Promise.all(
      this.#clients.map(async (client) => {
        await client.connect();
        latencies.add(performance.now() - startedAtMs);
      }),
    );
    const missed = this.#plan.accounts.length * MISSED_TO_EITHER_SIDE * 2;
    const endAtMs = performance.now() + SHOWN_LIMIT_MS;
    while (this.#shownCount < missed && performance.now() < endAtMs) await pause(POLL_MS);
    const seconds = (performance.now() - startedAtMs) / 1000;
    if (this.#shownCount !== missed)
      throw new Error(`${this.#shownCount} messages are shown, ${missed} were missed`);
    const cpu = process.cpuUsage(cpuBefore);
    const [p50Ms = NaN, p99Ms = NaN] = latencies.percentiles([50, 99]);
    return {
      seconds,
      p50Ms,
      p99Ms,
      fetchedMessages: missed,
      generatorBusyPercent: (cpu.user + cpu.system) / 1e4 / seconds,
    };
  }

  #client(index: number): SailplaneClient {
    const { accounts, wsUrl } = this.#plan;
    const state = this.#state(index);
    const client = new SailplaneClient({
      url: wsUrl,
      token: accounts[index]?.token ?? '',
      webSocket: (url) => new WebSocket(url, { perMessageDeflate: false }),
      state: { load: () => Promise.resolve(state), save: () => Promise.resolve() },
    });
    client.on('message', () => this.#shownCount++);
    return client;
  }

  #state(index: number): SavedState {
    const { accounts, epoch, cursorMs, conversationCount } = this.#plan;
    const uidAt = (at: number) => known(toUid(accounts[at]?.uid));
    const ring = { clientCount: accounts.length, conversationCount };
    const conversations = neighbours(index, ring).map((at) => ({
      conv: chatConversation(uidAt(index), uidAt(at)),
      known: [1, KNOWN_SEQ],
      ackedSeq: KNOWN_SEQ,
      confirmedSeq: KNOWN_SEQ,
    }));
    return { uid: uidAt(index), epoch, cursorMs, conversations, outbox: [] };
  }
}
