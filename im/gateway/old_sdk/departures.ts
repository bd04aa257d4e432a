/**
 * An old client went away and had not acknowledged all that it was pushed, or had not been pushed all that came:
 * those who wrote it are told «offline», unless another device of the user is there. Each message once.
 */
import type { Logger } from '../../../pkg/log/logger.js';
import type { Dispatch } from '../../dispatch/interface.js';
import { chatPeer } from '../../message/conversation.js';
import type { Uid } from '../../message/ids.js';
import type { PushedMessage } from '../../message/message.js';
import type { Delivery } from '../interface.js';
import type { OldClient } from './old_client.js';
import type { StorePages } from './store_pages.js';

export interface DeparturesDeps {
  readonly pages: StorePages;
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly logger: Logger;
}

/** Of one conversation: the newest ones; a sender's next sync shows the rest. */
const TOLD_COUNT = 256;

export class Departures {
  readonly #deps: DeparturesDeps;
  toldCount = 0;

  constructor(deps: DeparturesDeps) {
    this.#deps = deps;
  }

  /** `heir`: another device of the user that the gateway looks after. `isLast`: none of any kind is left. */
  gone(uid: Uid, old: OldClient, { heir, isLast }: { heir: OldClient | undefined; isLast: boolean }): void {
    const untold = old.unacked.untold();
    if (isLast) void this.#tell(uid, old, untold);
    else for (const left of untold) heir?.unacked.adopt(left);
  }

  /** Never rejects: a sender who is not told asks again, or sees it at his next sync. */
  async #tell(uid: Uid, old: OldClient, untold: readonly PushedMessage[]): Promise<void> {
    const unpushed = await Promise.all(
      old.positions.missedIntervals().map((missed) => this.#unpushed(uid, missed)),
    );
    const deliveries = [...untold, ...unpushed.flat()].map((message) => offline(message, uid));
    if (deliveries.length === 0) return;
    this.toldCount += deliveries.length;
    try {
      await this.#deps.dispatch.deliver(deliveries);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'senders could not be told that a client went away');
    }
  }

  async #unpushed(
    uid: Uid,
    { conv, from, to }: ReturnType<OldClient['positions']['missedIntervals']>[number],
  ): Promise<readonly PushedMessage[]> {
    const peer = chatPeer(conv, uid);
    if (peer === undefined || peer === uid) return [];
    const sent = await this.#deps.pages.read((store) => store.sentBetween(conv, peer, from, to, TOLD_COUNT));
    return sent ?? [];
  }
}

function offline({ conv, seq, mid, clientId, from }: PushedMessage, peer: Uid): Delivery {
  return { frame: { kind: 'offline', conv, seq, mid, clientId, peer }, recipients: [{ uid: from }] };
}
