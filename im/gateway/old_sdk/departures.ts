/**
 * The last device of a user went away and had not acknowledged all that it was pushed, or had not been pushed all
 * that came: those who wrote it are told «offline». Each message once, and none that any of his devices received.
 */
import type { Logger } from '../../../pkg/log/logger.js';
import type { Dispatch } from '../../dispatch/interface.js';
import { chatPeer, type ConversationName } from '../../message/conversation.js';
import { known, toDevice, toSeq, type Uid } from '../../message/ids.js';
import type { PushedMessage } from '../../message/message.js';
import type { Delivery } from '../interface.js';
import type { UntoldInterval } from '../untold_pushes.js';
import { sentPages } from './sent_pages.js';
import type { StorePages } from './store_pages.js';
import type { UnackedPush } from './unacked_pushes.js';

/** What nobody has been told of. */
export interface Left {
  readonly pushes: readonly UnackedPush[];
  readonly intervals: readonly Readonly<UntoldInterval>[];
}

export interface DeparturesDeps {
  readonly pages: StorePages;
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly logger: Logger;
}

/** What all devices together have got is asked for; the mark of one says nothing here. */
const NO_DEVICE = known(toDevice(0));

export class Departures {
  readonly #deps: DeparturesDeps;
  toldCount = 0;

  constructor(deps: DeparturesDeps) {
    this.#deps = deps;
  }

  tell(uid: Uid, left: Left): void {
    if (left.pushes.length > 0 || left.intervals.length > 0) void this.#run(uid, left);
  }

  /** Never rejects: a sender who is not told asks again, or sees it at his next sync. */
  async #run(uid: Uid, left: Left): Promise<void> {
    const conversations = new Set([...left.intervals, ...left.pushes].map(({ conv }) => conv));
    try {
      for (const conv of conversations) {
        await this.#tellOf(uid, conv, {
          pushes: left.pushes.filter((push) => push.conv === conv),
          intervals: left.intervals.filter((interval) => interval.conv === conv),
        });
      }
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'senders could not be told that a client went away');
    }
  }

  /** `left` is all of `conv`. */
  async #tellOf(uid: Uid, conv: ConversationName, { pushes, intervals }: Left): Promise<void> {
    const { pages } = this.#deps;
    const rows = await pages.read((store) => store.conversations(uid, NO_DEVICE, 1, conv));
    // Without what a pull over HTTP or a device that is gone by now has acknowledged: its sender knows better.
    let toldTo = rows?.[0]?.deliveredSeq ?? 0;
    const isOpen = ({ seq }: PushedMessage): boolean => seq > toldTo && !intervals.some(covers(seq));
    const open = pushes.filter(isOpen);
    const peer = chatPeer(conv, uid);
    for (const { from, to } of [...intervals].sort((one, other) => one.from - other.from)) {
      const first = known(toSeq(Math.max(from, toldTo + 1)));
      toldTo = Math.max(toldTo, to);
      if (peer === undefined || peer === uid) continue;
      for await (const page of sentPages(pages, { conv, sender: peer, from: first, to })) {
        await this.#deliver(uid, page);
      }
    }
    await this.#deliver(uid, open);
  }

  async #deliver(uid: Uid, messages: readonly PushedMessage[]): Promise<void> {
    if (messages.length === 0) return;
    this.toldCount += messages.length;
    await this.#deps.dispatch.deliver(messages.map((message) => offline(message, uid)));
  }
}

function covers(seq: number): (interval: Readonly<UntoldInterval>) => boolean {
  return ({ from, to }) => seq >= from && seq <= to;
}

function offline({ conv, seq, mid, clientId, from }: PushedMessage, peer: Uid): Delivery {
  return { frame: { kind: 'offline', conv, seq, mid, clientId, peer }, recipients: [{ uid: from }] };
}
