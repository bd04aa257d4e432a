/**
 * An old client went away and had not acknowledged all that it was pushed, or had not been pushed all that came:
 * those who wrote it are told «offline», unless another device of the user is there. Each message once.
 */
import type { Logger } from '../../../pkg/log/logger.js';
import type { Dispatch } from '../../dispatch/interface.js';
import { chatPeer, type ConversationName } from '../../message/conversation.js';
import { known, toDevice, type Uid } from '../../message/ids.js';
import type { PushedMessage } from '../../message/message.js';
import type { Delivery } from '../interface.js';
import type { OldClient } from './old_client.js';
import type { StorePages } from './store_pages.js';
import type { UnackedPush } from './unacked_pushes.js';

export interface DeparturesDeps {
  readonly pages: StorePages;
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly logger: Logger;
}

/** Of one conversation: the newest ones; a sender's next sync shows the rest. */
const TOLD_COUNT = 256;
/** What all devices together have got is asked for; the mark of one says nothing here. */
const NO_DEVICE = known(toDevice(0));

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
  async #tell(uid: Uid, old: OldClient, left: readonly UnackedPush[]): Promise<void> {
    const [pushed, ...unpushed] = await Promise.all([
      this.#unreceived(uid, left),
      ...old.positions.missedIntervals().map((missed) => this.#unpushed(uid, missed)),
    ]);
    const deliveries = [...pushed, ...unpushed.flat()].map((message) => offline(message, uid));
    if (deliveries.length === 0) return;
    this.toldCount += deliveries.length;
    try {
      await this.#deps.dispatch.deliver(deliveries);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'senders could not be told that a client went away');
    }
  }

  /** Without what a device that is gone by now, or a pull over HTTP, has acknowledged: its sender knows better. */
  async #unreceived(uid: Uid, left: readonly UnackedPush[]): Promise<readonly PushedMessage[]> {
    const names = [...new Set(left.map(({ conv }) => conv))];
    const delivered = new Map<ConversationName, number>();
    for (const conv of names) {
      const rows = await this.#deps.pages.read((store) => store.conversations(uid, NO_DEVICE, 1, conv));
      delivered.set(conv, rows?.[0]?.deliveredSeq ?? 0);
    }
    return left.filter(({ conv, seq }) => seq > (delivered.get(conv) ?? 0));
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
