/**
 * Fills holes in the events of groups: waits a little for what is on its way, then reads a page of the log, once for
 * everybody who sits behind it. Goes on as long as it takes: without it nobody knows who is in the group.
 */
import { Limiter } from '../../../pkg/queue/limiter.js';
import type { Logger } from '../../../pkg/log/logger.js';
import { known, toSeq } from '../../message/ids.js';
import type { MessageStore, RangePage } from '../../store/interface.js';
import type { GroupChannel } from './group_channel.js';
import type { GroupOptions } from './group_options.js';

export interface HoleReaderDeps {
  readonly store: Pick<MessageStore, 'logOf'>;
  readonly logger: Logger;
}

type HoleOptions = Pick<GroupOptions, 'groupHoleMs' | 'groupHoleEvents' | 'groupReadEvents' | 'groupReads'>;

/** Of content, in one page. */
const PAGE_BYTES = 1_048_576;
/** One line for each group: they are bounded elsewhere. */
const WAITING_LIMIT = 10_000_000;
/** After so many failures clients are told to fetch it themselves. */
const FAILURES = 3;
const LONGEST_PAUSE_MS = 5000;

export class HoleReader {
  readonly #options: HoleOptions;
  readonly #deps: HoleReaderDeps;
  readonly #limiter: Limiter;
  #holeCount = 0;
  #failedReadCount = 0;

  constructor(options: HoleOptions, deps: HoleReaderDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#limiter = new Limiter(options.groupReads, WAITING_LIMIT);
  }

  get holeCount(): number {
    return this.#holeCount;
  }

  get failedReadCount(): number {
    return this.#failedReadCount;
  }

  /** Something is missing there. Cheap where that is known. */
  holed(channel: GroupChannel): void {
    if (channel.isReading || channel.holeTimer !== undefined) return;
    const { order } = channel;
    if (order.appliedSeq < order.lostSeq) return this.#start(channel);
    channel.holeTimer = setTimeout(() => {
      channel.holeTimer = undefined;
      if (order.hasHole) this.#start(channel);
    }, this.#options.groupHoleMs).unref();
  }

  #start(channel: GroupChannel): void {
    channel.isReading = true;
    void this.#read(channel);
  }

  /** Never rejects. */
  async #read(channel: GroupChannel): Promise<void> {
    const { order } = channel;
    this.#holeCount++;
    for (let failures = 0; !channel.isGone;) {
      const hole = order.hole();
      if (hole === undefined) break;
      if (hole.to - hole.from >= this.#options.groupHoleEvents) channel.skipHeard();
      const page = await this.#page(channel, hole);
      if (page !== undefined) {
        this.#fill(channel, page);
        break;
      }
      if (++failures === FAILURES) {
        channel.skipHeard();
        channel.announce();
      }
      await pause(Math.min(LONGEST_PAUSE_MS, this.#options.groupHoleMs * 2 ** Math.min(failures, 10)));
    }
    channel.isReading = false;
    if (!channel.isGone) channel.goOn();
  }

  /** Undefined where the store does not answer, or not with what must be there. */
  async #page(channel: GroupChannel, hole: { from: number; to: number }): Promise<RangePage | undefined> {
    const [from, to] = [known(toSeq(hole.from)), known(toSeq(hole.to))];
    const limits = { count: this.#options.groupReadEvents, bytes: PAGE_BYTES };
    try {
      const page = await this.#limiter.run(() => this.#deps.store.logOf(channel.conv, from, to, limits));
      if (page !== undefined && page.to >= from) return page;
    } catch (error) {
      this.#deps.logger.warn(
        { err: error, gid: channel.gid },
        'missing events of a group could not be read yet',
      );
    }
    this.#failedReadCount++;
    return undefined;
  }

  #fill({ isGone, order }: GroupChannel, { from, to, events }: RangePage): void {
    // Closed while it was read: what is counted as waiting now would wait for ever.
    if (isGone) return;
    order.lostSeq = Math.max(order.lostSeq, to);
    for (const event of events) order.fill(event);
    // What retention has erased is gone for everybody.
    for (let seq: number = from; seq <= to; seq++) order.pass(seq);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
