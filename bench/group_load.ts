/**
 * Groups whose members are all connected, some of them writing. Counts every delivery; what was acked must have come
 * to every other member once.
 */
import { Latencies } from './histogram.js';
import { LeanTalker } from './lean_talker.js';
import type { Account, GroupFigures, GroupOfBench, GroupPlan } from './plan.js';

const CONNECT_WINDOW = 50;
const SETTLE_LIMIT_MS = 20_000;
const PACER_TICK_MS = 1;
/** The time of sending stands at the beginning of every content. */
const STAMP = Buffer.from('"content":"');
const STAMP_LENGTH = 16;

interface Sender {
  readonly talker: LeanTalker;
  sentAtMs: number;
  isBusy: boolean;
  acked: number;
}

class BenchGroup {
  readonly talkers: LeanTalker[] = [];
  readonly senders: Sender[] = [];
  acked = 0;
}

export class GroupLoad {
  readonly #plan: GroupPlan;
  readonly #padding: string;
  readonly #groups: BenchGroup[] = [];
  #ackLatencies = new Latencies();
  #deliveryLatencies = new Latencies();
  #isSending = false;
  #isMeasuring = false;
  #acked = 0;
  #deliveries = 0;
  #failed = 0;
  readonly failures: string[] = [];
  #pacer: NodeJS.Timeout | undefined;
  #paced = { startedAtMs: 0, due: 0, next: 0 };

  constructor(plan: GroupPlan) {
    this.#plan = plan;
    this.#padding = 'x'.repeat(Math.max(0, plan.contentBytes - STAMP_LENGTH));
  }

  async connect(): Promise<void> {
    const queue: (() => Promise<void>)[] = this.#plan.groups.flatMap((group) => this.#membersOf(group));
    const work = async (): Promise<void> => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) await next();
    };
    await Promise.all(Array.from({ length: CONNECT_WINDOW }, work));
  }

  async run(step: (step: 'measuring' | 'measured') => void): Promise<GroupFigures> {
    this.#isSending = true;
    if (this.#plan.ratePerS > 0) this.#startPacer();
    else for (const group of this.#groups) for (const sender of group.senders) this.#send(sender);
    await pause(this.#plan.warmUpMs);
    this.#ackLatencies = new Latencies();
    this.#deliveryLatencies = new Latencies();
    this.#acked = 0;
    this.#deliveries = 0;
    this.#isMeasuring = true;
    step('measuring');
    const startedAtMs = performance.now();
    const cpuBefore = process.cpuUsage();
    await pause(this.#plan.runMs);
    this.#isMeasuring = false;
    const [acked, deliveries] = [this.#acked, this.#deliveries];
    const seconds = (performance.now() - startedAtMs) / 1000;
    const cpu = process.cpuUsage(cpuBefore);
    step('measured');
    this.#isSending = false;
    clearInterval(this.#pacer);
    await this.#settle();
    const generatorBusyPercent = (cpu.user + cpu.system) / 1e4 / seconds;
    return { ...this.#figures(), acked, deliveries, seconds, generatorBusyPercent };
  }

  #membersOf({ gid, members, lastSeq }: GroupOfBench): (() => Promise<void>)[] {
    const group = new BenchGroup();
    this.#groups.push(group);
    return members.map((account, index) => async () => {
      const isSender = index < this.#plan.senderCount;
      const talker = this.#talkerOf(group, { account, gid, knownSeq: lastSeq }, isSender);
      group.talkers.push(talker);
      await talker.connect();
    });
  }

  #talkerOf(
    group: BenchGroup,
    member: { readonly account: Account; readonly gid: number; readonly knownSeq: number },
    isSender: boolean,
  ): LeanTalker {
    const talker: LeanTalker = new LeanTalker(
      { wsUrl: this.#plan.wsUrl, ...member },
      {
        heard: (bytes) => this.#heard(bytes),
        stored: () => sender !== undefined && this.#stored(group, sender),
        failed: (reason) => {
          this.#fail(reason);
          if (sender !== undefined) sender.isBusy = false;
        },
      },
    );
    const sender = isSender ? { talker, sentAtMs: 0, isBusy: false, acked: 0 } : undefined;
    if (sender !== undefined) group.senders.push(sender);
    return talker;
  }

  #startPacer(): void {
    const senders = this.#groups.flatMap((group) => group.senders);
    this.#paced = { startedAtMs: performance.now(), due: 0, next: 0 };
    this.#pacer = setInterval(() => {
      const paced = this.#paced;
      const due = Math.floor(((performance.now() - paced.startedAtMs) * this.#plan.ratePerS) / 1000);
      for (let missing = due - paced.due; missing > 0; missing--) {
        paced.next = (paced.next + 1) % senders.length;
        const sender = senders[paced.next];
        if (sender !== undefined && !sender.isBusy) this.#send(sender);
      }
      paced.due = due;
    }, PACER_TICK_MS);
  }

  #send(sender: Sender): void {
    sender.isBusy = true;
    sender.sentAtMs = performance.now();
    sender.talker.send(sender.sentAtMs.toFixed(3).padEnd(STAMP_LENGTH, ' ') + this.#padding);
  }

  #stored(group: BenchGroup, sender: Sender): void {
    sender.isBusy = false;
    sender.acked++;
    group.acked++;
    this.#acked++;
    if (this.#isMeasuring) this.#ackLatencies.add(performance.now() - sender.sentAtMs);
    if (this.#isSending && this.#plan.ratePerS === 0) this.#send(sender);
  }

  #heard(bytes: Buffer): void {
    this.#deliveries++;
    if (!this.#isMeasuring) return;
    const at = bytes.indexOf(STAMP) + STAMP.length;
    const sentAtMs = Number(bytes.toString('latin1', at, at + STAMP_LENGTH));
    this.#deliveryLatencies.add(performance.now() - sentAtMs);
  }

  #fail(reason: string): void {
    this.#failed++;
    if (this.failures.length < 5) this.failures.push(reason);
  }

  /** What one member must have heard is what the others wrote. */
  #owed(): { readonly lost: number; readonly twice: number } {
    let lost = 0;
    let twice = 0;
    for (const group of this.#groups) {
      for (const talker of group.talkers) {
        const own = group.senders.find((sender) => sender.talker === talker)?.acked ?? 0;
        const missing = group.acked - own - talker.heardCount;
        lost += Math.max(0, missing);
        twice += Math.max(0, -missing);
      }
    }
    return { lost, twice };
  }

  async #settle(): Promise<void> {
    const endAt = performance.now() + SETTLE_LIMIT_MS;
    const isBusy = (): boolean => this.#groups.some(({ senders }) => senders.some((sender) => sender.isBusy));
    while ((isBusy() || this.#owed().lost > 0) && performance.now() < endAt) await pause(20);
    for (const { talkers } of this.#groups) for (const talker of talkers) talker.close();
  }

  #figures() {
    const [ackP50Ms = NaN, ackP99Ms = NaN] = this.#ackLatencies.percentiles([50, 99]);
    const [deliveryP50Ms = NaN, deliveryP99Ms = NaN] = this.#deliveryLatencies.percentiles([50, 99]);
    return { ackP50Ms, ackP99Ms, deliveryP50Ms, deliveryP99Ms, failed: this.#failed, ...this.#owed() };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
