/** One user with many conversations asks again and again what has changed, and fetches it. */
import { Latencies } from './histogram.js';
import { LeanSocket } from './lean_socket.js';
import type { SyncFigures, SyncPlan } from './plan.js';

interface Row {
  readonly conv: string;
  readonly lastSeq: number;
  readonly deviceSeq: number;
}

interface Answer {
  readonly seq: number;
  readonly action: string;
  readonly data: { readonly conversations: readonly Row[]; readonly more: boolean; readonly count: number };
}

export class SyncLoad {
  readonly #plan: SyncPlan;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #socket: LeanSocket | undefined;
  #echo = 0;

  constructor(plan: SyncPlan) {
    this.#plan = plan;
  }

  async connect(): Promise<void> {
    this.#socket = await LeanSocket.connect(this.#plan.wsUrl, {
      frame: (bytes) => {
        // The frames come from our own server.
        const answer = JSON.parse(bytes.toString('utf8')) as Answer;
        this.#waiting.get(answer.seq)?.(answer);
        this.#waiting.delete(answer.seq);
      },
      closed: () => undefined,
    });
    const data = { version: 1, v: 1, caps: [], credential: this.#plan.account.token };
    await this.#ask('authenticate', data);
  }

  async run(step: (step: 'measuring' | 'measured') => void): Promise<SyncFigures> {
    const syncs = new Latencies();
    const ranges = new Latencies();
    let rows: readonly Row[] = [];
    let conversations = 0;
    await this.#sync();
    step('measuring');
    const startedAtMs = performance.now();
    for (let round = 0; round < this.#plan.rounds; round++) {
      const askedAtMs = performance.now();
      const answer = await this.#sync();
      const answeredAtMs = performance.now();
      syncs.add(answeredAtMs - askedAtMs);
      rows = answer.data.conversations;
      conversations = answer.data.count;
      await Promise.all(rows.map((row) => this.#range(row)));
      ranges.add(performance.now() - answeredAtMs);
    }
    const seconds = (performance.now() - startedAtMs) / 1000;
    step('measured');
    this.#socket?.close();
    const [syncP50Ms = NaN, syncP99Ms = NaN] = syncs.percentiles([50, 99]);
    const [rangesP50Ms = NaN] = ranges.percentiles([50]);
    return { seconds, conversations, changed: rows.length, syncP50Ms, syncP99Ms, rangesP50Ms };
  }

  async #sync(): Promise<Answer> {
    const answer = await this.#ask('api.sync', { since: this.#plan.cursorMs, limit: 500 });
    if (answer.data.more) throw new Error('more than one page has changed');
    return answer;
  }

  #range({ conv, lastSeq, deviceSeq }: Row): Promise<Answer> {
    return this.#ask('api.msg.range', { conv, from: Math.min(deviceSeq + 1, lastSeq), to: lastSeq });
  }

  async #ask(action: string, data: object): Promise<Answer> {
    const seq = ++this.#echo;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(seq, resolve));
    this.#socket?.send(JSON.stringify({ action, seq, data }));
    const answer = await answered;
    if (answer.action !== 'api.success' && answer.action !== 'notify.success')
      throw new Error(`${action} failed: ${JSON.stringify(answer.data)}`);
    return answer;
  }
}
