/**
 * What was stored in groups, on its way to dispatch: in the order of the commits, so of each group in the order of its
 * seqs, one batch after the other. Bounded: where dispatch takes it more slowly than it is stored, senders wait.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { CodedError } from '../../pkg/errors/coded_error.js';
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import { imError } from '../errors.js';
import type { Delivery, GroupDelivery } from '../gateway/interface.js';

export const GROUP_FAN_OUT_OPTIONS = {
  fanOutCount: integer(
    20_000,
    'count',
    { min: 1, max: 1_000_000 },
    'Stored events of groups on their way to the members; beyond it senders to groups are told to try again.',
  ),
  fanOutBytes: integer(
    64 << 20,
    'bytes',
    { min: 65_536, max: 1 << 30 },
    'Their content; beyond it senders to groups are told to try again.',
  ),
  fanOutRetryAfterMs: integer(500, 'ms', { min: 0, max: 600_000 }, 'What such a sender is told to wait.'),
} as const;
export type GroupFanOutOptions = OptionsOf<typeof GROUP_FAN_OUT_OPTIONS>;

export type GroupEvent = Extract<GroupDelivery, { kind: 'event' }>;

/** Numbers for metrics; totals count since the start. */
export interface GroupFanOutStats {
  readonly queuedCount: number;
  readonly queuedBytes: number;
  readonly refusedCount: number;
  /** Stored, and not taken by dispatch: its members find them at their next sync. */
  readonly failedCount: number;
}

/** Rough weight of an event besides its content. */
const EVENT_BYTES = 300;

export class GroupFanOut {
  readonly #options: GroupFanOutOptions;
  readonly #deps: {
    readonly dispatch: Pick<Dispatch, 'deliver' | 'deliverToGroups'>;
    readonly logger: Logger;
  };
  #events: GroupEvent[] = [];
  #contacts: Delivery[] = [];
  /** Who is to hear that these events are on their way. */
  #tellings: (() => void)[] = [];
  #count = 0;
  #bytes = 0;
  #running = false;
  #refusedCount = 0;
  #failedCount = 0;

  constructor(
    options: GroupFanOutOptions,
    deps: { readonly dispatch: Pick<Dispatch, 'deliver' | 'deliverToGroups'>; readonly logger: Logger },
  ) {
    this.#options = options;
    this.#deps = deps;
  }

  stats(): GroupFanOutStats {
    const [queuedCount, queuedBytes] = [this.#count, this.#bytes];
    return { queuedCount, queuedBytes, refusedCount: this.#refusedCount, failedCount: this.#failedCount };
  }

  /** Why nothing more may be stored in groups now. */
  refusal(): CodedError | undefined {
    const { fanOutCount, fanOutBytes, fanOutRetryAfterMs: retryAfterMs } = this.#options;
    if (this.#count < fanOutCount && this.#bytes < fanOutBytes) return undefined;
    this.#refusedCount++;
    return imError('QUEUE_FULL', undefined, { retryAfterMs });
  }

  /**
   * Never refuses: what is stored has to go out. `contacts`: news for those who were added, behind the events.
   * `tell` is called once, when the events have been handed on: at once, or after those before them have been taken.
   */
  send(events: readonly GroupEvent[], contacts: readonly Delivery[], tell: () => void): void {
    if (events.length === 0 && !this.#running) return tell();
    for (const event of events) {
      this.#events.push(event);
      this.#bytes += bytesOf(event);
    }
    this.#count += events.length;
    this.#contacts.push(...contacts);
    this.#tellings.push(tell);
    if (!this.#running) void this.#run();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    this.#running = true;
    while (this.#tellings.length > 0) {
      const [events, contacts, tellings] = [this.#events, this.#contacts, this.#tellings];
      [this.#events, this.#contacts, this.#tellings] = [[], [], []];
      try {
        const taken = this.#deps.dispatch.deliverToGroups(events);
        this.#tell(tellings);
        await taken;
        if (contacts.length > 0) await this.#deps.dispatch.deliver(contacts);
      } catch (error) {
        // Whatever went wrong with the delivery, it is stored.
        this.#tell(tellings);
        this.#failedCount += events.length;
        this.#deps.logger.warn({ err: error, events: events.length }, 'events of groups were not dispatched');
      }
      this.#count -= events.length;
      for (const event of events) this.#bytes -= bytesOf(event);
    }
    this.#running = false;
  }

  /** Each once, whatever becomes of another: who is not told here would wait for his answer for ever. */
  #tell(tellings: (() => void)[]): void {
    for (const tell of tellings.splice(0)) {
      try {
        tell();
      } catch (error) {
        this.#deps.logger.error(
          { err: error },
          'somebody could not be told that his events are on their way',
        );
      }
    }
  }
}

function bytesOf({ event }: GroupEvent): number {
  return EVENT_BYTES + event.content.length;
}
