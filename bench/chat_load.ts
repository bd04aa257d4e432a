/**
 * Many conversations at once, each with one sender that has one message under way and one receiver. Counts and
 * times what comes back, and at the end compares what was acked with what arrived.
 */
import { Latencies } from './histogram.js';
import type { ChatFigures, ChatPlan, Pair } from './plan.js';
import type { Heard, Talker, TalkerEvents, TalkerOptions } from './talker.js';

export type MakeTalker = (options: TalkerOptions, events: TalkerEvents) => Talker;

/** How long the last pushes may take to arrive, and repairs to repair, before they count as lost. */
const SETTLE_LIMIT_MS = 20_000;
/** Sign-ins under way at once: enough to be quick, few enough not to be a storm. */
const CONNECT_WINDOW = 20;
const PACER_TICK_MS = 1;

class Conversation {
  readonly pair: Pair;
  sentAtMs = 0;
  busy = false;
  acked = 0;
  readonly heard = new Set<number>();
  twice = 0;
  sender: Talker | undefined;
  receiver: Talker | undefined;

  constructor(pair: Pair) {
    this.pair = pair;
  }
}

export class ChatLoad {
  readonly #plan: ChatPlan;
  readonly #make: MakeTalker;
  readonly #conversations: readonly Conversation[];
  readonly #padding: string;
  #ackLatencies = new Latencies();
  #deliveryLatencies = new Latencies();
  #sending = false;
  #measuring = false;
  #acked = 0;
  #failed = 0;
  readonly #failures: string[] = [];
  #pacer: NodeJS.Timeout | undefined;
  #paced = { startedAtMs: 0, due: 0, next: 0 };

  constructor(plan: ChatPlan, make: MakeTalker) {
    this.#plan = plan;
    this.#make = make;
    this.#conversations = plan.pairs.map((pair) => new Conversation(pair));
    this.#padding = 'x'.repeat(Math.max(0, plan.contentBytes - 16));
  }

  async connect(): Promise<void> {
    const queue = [...this.#conversations];
    const work = async (): Promise<void> => {
      for (let conversation = queue.pop(); conversation !== undefined; conversation = queue.pop()) {
        await this.#connectPair(conversation);
      }
    };
    await Promise.all(Array.from({ length: CONNECT_WINDOW }, work));
  }

  /** Sends for the planned time; `step` is told when the measured part begins and ends. */
  async run(step: (step: 'measuring' | 'measured') => void): Promise<ChatFigures> {
    this.#sending = true;
    if (this.#plan.ratePerS > 0) this.#startPacer();
    else for (const conversation of this.#conversations) this.#send(conversation);
    await pause(this.#plan.warmUpMs);
    this.#beginMeasuring();
    step('measuring');
    const startedAtMs = performance.now();
    const cpuBefore = process.cpuUsage();
    await pause(this.#plan.runMs);
    this.#measuring = false;
    const seconds = (performance.now() - startedAtMs) / 1000;
    const cpu = process.cpuUsage(cpuBefore);
    step('measured');
    const acked = this.#acked;
    this.#sending = false;
    clearInterval(this.#pacer);
    await this.#settle();
    return this.#figures(acked, seconds, (cpu.user + cpu.system) / 1e4 / seconds);
  }

  /** The first few reasons of failed sends. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  async close(): Promise<void> {
    for (const { sender, receiver } of this.#conversations) {
      await sender?.close();
      await receiver?.close();
    }
  }

  async #connectPair(conversation: Conversation): Promise<void> {
    const { pair } = conversation;
    const { wsUrl, epoch } = this.#plan;
    const known = { conv: pair.conv, seq: pair.knownSeq, epoch };
    conversation.receiver = this.#make(
      { wsUrl, account: pair.receiver, known },
      {
        stored: () => undefined,
        failed: (reason) => this.#fail(reason),
        heard: (message) => this.#heard(conversation, message),
      },
    );
    conversation.sender = this.#make(
      { wsUrl, account: pair.sender, known },
      {
        stored: () => this.#stored(conversation),
        failed: (reason) => {
          this.#fail(reason);
          conversation.busy = false;
        },
        heard: () => undefined,
      },
    );
    await conversation.receiver.connect();
    await conversation.sender.connect();
  }

  #beginMeasuring(): void {
    this.#ackLatencies = new Latencies();
    this.#deliveryLatencies = new Latencies();
    this.#acked = 0;
    this.#measuring = true;
  }

  #startPacer(): void {
    this.#paced = { startedAtMs: performance.now(), due: 0, next: 0 };
    this.#pacer = setInterval(() => this.#sendDue(), PACER_TICK_MS);
  }

  /** Sends as many as the rate asks for by now, by whoever is free; what nobody is free for is let go. */
  #sendDue(): void {
    const paced = this.#paced;
    const due = Math.floor(((performance.now() - paced.startedAtMs) * this.#plan.ratePerS) / 1000);
    let missing = due - paced.due;
    paced.due = due;
    for (let tried = 0; missing > 0 && tried < this.#conversations.length; tried++) {
      paced.next = (paced.next + 1) % this.#conversations.length;
      const conversation = this.#conversations[paced.next];
      if (conversation === undefined || conversation.busy) continue;
      this.#send(conversation);
      missing--;
    }
  }

  #send(conversation: Conversation): void {
    conversation.busy = true;
    conversation.sentAtMs = performance.now();
    // The content carries the time of sending: the receiver lives in this process and shares its clock.
    const content = conversation.sentAtMs.toFixed(3).padEnd(16, ' ') + this.#padding;
    conversation.sender?.send(conversation.pair.receiver.uid, content);
  }

  #stored(conversation: Conversation): void {
    conversation.busy = false;
    conversation.acked++;
    this.#acked++;
    if (this.#measuring) this.#ackLatencies.add(performance.now() - conversation.sentAtMs);
    if (this.#sending && this.#plan.ratePerS === 0) this.#send(conversation);
  }

  #fail(reason: string): void {
    this.#failed++;
    if (this.#failures.length < 5) this.#failures.push(reason);
  }

  #heard(conversation: Conversation, message: Heard): void {
    if (message.conv !== conversation.pair.conv || message.seq <= conversation.pair.knownSeq) return;
    if (conversation.heard.has(message.seq)) conversation.twice++;
    conversation.heard.add(message.seq);
    if (this.#measuring)
      this.#deliveryLatencies.add(performance.now() - Number(message.content.slice(0, 16)));
  }

  async #settle(): Promise<void> {
    const endAt = performance.now() + SETTLE_LIMIT_MS;
    const isComplete = (c: Conversation): boolean => !c.busy && c.heard.size >= c.acked;
    while (!this.#conversations.every(isComplete) && performance.now() < endAt) await pause(20);
  }

  #figures(acked: number, seconds: number, generatorBusyPercent: number): ChatFigures {
    const [ackP50Ms = NaN, ackP99Ms = NaN, ackMaxMs = NaN] = this.#ackLatencies.percentiles([50, 99, 100]);
    const [deliveryP50Ms = NaN, deliveryP99Ms = NaN] = this.#deliveryLatencies.percentiles([50, 99]);
    const total = (of: (conversation: Conversation) => number): number =>
      this.#conversations.reduce((sum, conversation) => sum + of(conversation), 0);
    return {
      acked,
      seconds,
      ackP50Ms,
      ackP99Ms,
      ackMaxMs,
      deliveryP50Ms,
      deliveryP99Ms,
      failed: this.#failed,
      lost: total(({ acked: sent, heard }) => Math.max(0, sent - heard.size)),
      twice: total(({ twice }) => twice),
      generatorBusyPercent,
    };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
