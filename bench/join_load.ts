/** Users who come into one group, so many at a time, and leave the server; then messages to a group where nobody is. */
import { Latencies } from './histogram.js';
import { LeanSocket } from './lean_socket.js';
import type { Account, JoinFigures, JoinPlan } from './plan.js';

const CONNECT_WINDOW = 50;
const CLOSED = '"action":"closed"';

/** Answers one request at a time. */
class Visitor {
  readonly #socket: LeanSocket;
  #answer: ((text: string) => void) | undefined;
  #wanted: readonly string[] = [];

  private constructor(socket: LeanSocket) {
    this.#socket = socket;
  }

  static async enter(wsUrl: string, { token }: Account): Promise<Visitor> {
    const events = {
      frame: (bytes: Buffer) => visitor.heard(bytes.toString('utf8')),
      closed: () => visitor.heard(CLOSED),
    };
    const visitor: Visitor = new Visitor(await LeanSocket.connect(wsUrl, events));
    const data = { version: 1, v: 1, caps: [], credential: token };
    await visitor.ask({ action: 'authenticate', seq: 1, data }, ['notify.success', 'notify.error']);
    return visitor;
  }

  heard(text: string): void {
    const answer = this.#answer;
    if (answer === undefined || !this.#wanted.some((action) => text.includes(`"action":"${action}"`))) return;
    this.#answer = undefined;
    answer(text);
  }

  ask(frame: object, wanted: readonly string[]): Promise<string> {
    this.#wanted = [...wanted, 'closed'];
    const answer = new Promise<string>((resolve) => (this.#answer = resolve));
    this.#socket.send(JSON.stringify(frame));
    return answer;
  }

  leave(): void {
    this.#socket.close();
  }
}

export class JoinLoad {
  readonly #plan: JoinPlan;
  readonly #visitors: Visitor[] = [];

  constructor(plan: JoinPlan) {
    this.#plan = plan;
  }

  async connect(): Promise<void> {
    const queue = [...this.#plan.accounts];
    await inParallel(CONNECT_WINDOW, async () => {
      for (let account = queue.pop(); account !== undefined; account = queue.pop())
        this.#visitors.push(await Visitor.enter(this.#plan.wsUrl, account));
    });
  }

  async run(step: (step: 'measuring' | 'measured') => void): Promise<JoinFigures> {
    const queue = [...this.#visitors];
    let failed = 0;
    step('measuring');
    const startedAtMs = performance.now();
    const cpuBefore = process.cpuUsage();
    await inParallel(this.#plan.atOnce, async () => {
      for (let visitor = queue.pop(); visitor !== undefined; visitor = queue.pop()) {
        const join = { action: 'api.group.join', seq: 2, data: { gid: this.#plan.gid } };
        const answer = await visitor.ask(join, ['api.success', 'api.failed']);
        if (!answer.includes('api.success') && failed++ === 0) console.error('the first refusal:', answer);
      }
    });
    const seconds = (performance.now() - startedAtMs) / 1000;
    const cpu = process.cpuUsage(cpuBefore);
    step('measured');
    for (const visitor of this.#visitors) visitor.leave();
    const latencies = await this.#write();
    const [messageP50Ms = NaN, messageP99Ms = NaN] = latencies.percentiles([50, 99]);
    const generatorBusyPercent = (cpu.user + cpu.system) / 1e4 / seconds;
    return { seconds, failed, messageP50Ms, messageP99Ms, generatorBusyPercent };
  }

  /** One after the other, by the only one who is there. */
  async #write(): Promise<Latencies> {
    const { wsUrl, owner, gid, messageCount } = this.#plan;
    const writer = await Visitor.enter(wsUrl, owner);
    const latencies = new Latencies();
    for (let index = 0; index < messageCount; index++) {
      const data = {
        cliMid: `join-${index}-${Date.now()}`,
        to: String(gid),
        type: 1,
        content: 'is anybody there?',
      };
      const startedAtMs = performance.now();
      const answer = await writer.ask({ action: 'message.group', seq: index + 2, data }, [
        ...['ack.message', 'message.failed.send'],
      ]);
      if (!answer.includes('ack.message')) throw new Error(answer);
      latencies.add(performance.now() - startedAtMs);
    }
    writer.leave();
    return latencies;
  }
}

async function inParallel(count: number, work: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: count }, work));
}
