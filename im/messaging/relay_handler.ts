/**
 * message.cli and message.cs: passed on to whoever is connected, once, in the order of each connection. Nothing
 * is stored, acknowledged or kept for later; the sender hears only of a refusal. To a group: to its members.
 */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import type { Delivery, GroupDelivery } from '../gateway/interface.js';
import { toCodedError } from '../errors.js';
import { isGid, type Gid, type Uid } from '../message/ids.js';
import { errorInfo, errorInfoOf } from '../message/error_info.js';
import type { ErrorInfo, RelayUp } from '../message/message.js';
import type { MessageStore } from '../store/interface.js';
import type { InboundFrame, Reply, ReplySink } from './interface.js';
import { RelayRights } from './relay_rights.js';
import type { WorldChannel } from './world_channel.js';

export const RELAY_OPTIONS = {
  relayBytes: integer(
    32_768,
    'bytes',
    { min: 256, max: 16 << 20 },
    'Largest frame that is passed on unstored (message.cli, message.cs): an offer of a call takes some 10 kB.',
  ),
  relayQueueCount: integer(
    10_000,
    'count',
    { min: 1, max: 1_000_000 },
    'Such frames waiting for a look at their rights; beyond it senders are told to try again.',
  ),
  relayRightsMs: integer(
    1000,
    'ms',
    { min: 0, max: 600_000 },
    'How long it is remembered that one user may reach another: a block takes hold after that.',
  ),
  relayRightsCount: integer(10_000, 'count', { min: 1, max: 1_000_000 }, 'Pairs of users remembered so.'),
};
export type RelayOptions = OptionsOf<typeof RELAY_OPTIONS>;

export type InboundRelay = InboundFrame & { readonly frame: RelayUp; readonly uid: Uid };

export interface RelayHandlerDeps {
  readonly store: Pick<MessageStore, 'mayWrite'>;
  readonly dispatch: Pick<Dispatch, 'deliver' | 'deliverToGroups'>;
  readonly world: Pick<WorldChannel, 'isClosed'>;
  readonly replies: ReplySink;
  readonly logger: Logger;
  /** Monotonic. */
  readonly nowMs: () => number;
}

/** Numbers for metrics; totals count since the start. */
export interface RelayStats {
  readonly queuedCount: number;
  readonly passedCount: number;
  readonly refusedCount: number;
}

const BUSY_RETRY_MS = 1000;

export class RelayHandler {
  readonly #options: RelayOptions;
  readonly #deps: RelayHandlerDeps;
  readonly #rights: RelayRights;
  #waiting: InboundRelay[] = [];
  #running = false;
  #passedCount = 0;
  #refusedCount = 0;

  constructor(options: RelayOptions, deps: RelayHandlerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#rights = new RelayRights(options, deps);
  }

  stats(): RelayStats {
    const [queuedCount, passedCount] = [this.#waiting.length, this.#passedCount];
    return { queuedCount, passedCount, refusedCount: this.#refusedCount };
  }

  handle(inbound: InboundRelay): void {
    if (inbound.bytes > this.#options.relayBytes) {
      return this.#answer([inbound], [errorInfo('CONTENT_TOO_LARGE')]);
    }
    if (this.#deps.world.isClosed(inbound.frame.to))
      return this.#answer([inbound], [errorInfo('NO_SUCH_GROUP')]);
    if (this.#waiting.length >= this.#options.relayQueueCount) {
      return this.#answer([inbound], [{ ...errorInfo('QUEUE_FULL'), retryAfterMs: BUSY_RETRY_MS }]);
    }
    this.#waiting.push(inbound);
    if (this.#running) return;
    this.#running = true;
    setImmediate(() => void this.#run());
  }

  /** Gathers while one batch is looked at. Never rejects. */
  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const errors = await this.#pass(batch).catch((error: unknown) => {
        this.#deps.logger.warn({ err: error, frames: batch.length }, 'frames could not be passed on');
        return batch.map(() => errorInfoOf(toCodedError(error)));
      });
      this.#answer(batch, errors);
    }
    this.#running = false;
  }

  async #pass(batch: readonly InboundRelay[]): Promise<readonly (ErrorInfo | undefined)[]> {
    const refusals = await this.#rights.refusals(
      batch.map(({ uid, frame }) => ({ from: uid, to: frame.to })),
    );
    const deliveries: Delivery[] = [];
    const groupDeliveries: GroupDelivery[] = [];
    for (const [index, inbound] of batch.entries()) {
      if (refusals[index] !== undefined) continue;
      const { to } = inbound.frame;
      if (isGid(to)) groupDeliveries.push(groupDeliveryOf(inbound, to));
      else deliveries.push(deliveryOf(inbound, to));
    }
    const { dispatch } = this.#deps;
    await Promise.all([
      deliveries.length > 0 ? dispatch.deliver(deliveries) : undefined,
      groupDeliveries.length > 0 ? dispatch.deliverToGroups(groupDeliveries) : undefined,
    ]);
    return refusals.map((name) => (name === undefined ? undefined : errorInfo(name)));
  }

  #answer(batch: readonly InboundRelay[], errors: readonly (ErrorInfo | undefined)[]): void {
    const replies = batch.map(({ connection, bytes, frame }, index): Reply => {
      const error = errors[index];
      if (error === undefined) this.#passedCount++;
      else this.#refusedCount++;
      const answer = error && { kind: 'error' as const, echo: frame.echo, error };
      return { connection, ends: true, bytes, frame: answer };
    });
    this.#deps.replies.reply(replies);
  }
}

function deliveryOf({ uid, device, frame: { action, payload } }: InboundRelay, to: Uid): Delivery {
  const recipient = to === uid ? { uid: to, exceptDevice: device } : { uid: to };
  return { frame: { kind: 'relay', action, from: uid, to, payload }, recipients: [recipient] };
}

function groupDeliveryOf({ uid, device, frame: { action, payload } }: InboundRelay, gid: Gid): GroupDelivery {
  const frame = { kind: 'relay', action, from: uid, to: gid, payload } as const;
  return { kind: 'relay', gid, frame, except: { uid, device } };
}
