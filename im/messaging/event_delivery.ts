/**
 * Events that have just been stored, on their way to everybody else who is connected, and «offline» to the
 * sender where nobody was there. Step 6 of the message path, for messages and recalls alike.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import type { Delivery } from '../gateway/interface.js';
import { isGid, known, toSeq, type Device, type Mid, type Uid } from '../message/ids.js';
import type { ChatEvent, DownFrame } from '../message/message.js';
import type { Reply, ReplySink } from './interface.js';

/** Whoever caused an event. */
export interface Sender {
  /** Absent where it came over no connection: then nobody is told «offline». */
  readonly connection?: number;
  /** This device has its answer and gets no push; absent: it came over no connection. */
  readonly device?: Device;
  /** What the sender calls the event, where that is not its own mid and client id. */
  readonly named?: { readonly mid: Mid; readonly clientId: string };
}

export interface EventDeliveryDeps {
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly replies: ReplySink;
  readonly logger: Logger;
}

export class EventDelivery {
  readonly #deps: EventDeliveryDeps;

  constructor(deps: EventDeliveryDeps) {
    this.#deps = deps;
  }

  /** `senders` in the order of `events`. Never rejects: what cannot be delivered now is found by the next sync. */
  async deliver(events: readonly ChatEvent[], senders: readonly Sender[]): Promise<void> {
    try {
      const outcomes = await this.#deps.dispatch.deliver(
        events.map((event, i) => push(event, known(senders[i]))),
      );
      const replies: Reply[] = [];
      for (const [index, event] of events.entries()) {
        const sender = known(senders[index]);
        if (sender.connection === undefined) continue;
        const frame = presence(event, sender.named ?? event, outcomes[index]?.absent ?? []);
        if (frame !== undefined)
          replies.push({ connection: sender.connection, frame, ends: false, bytes: 0 });
      }
      if (replies.length > 0) this.#deps.replies.reply(replies);
    } catch (error) {
      this.#deps.logger.warn({ err: error, events: events.length }, 'stored events could not be dispatched');
    }
  }
}

/** In a conversation of two everybody sees everything, so `after` is the seq before. */
function push(event: ChatEvent, { device }: Sender): Delivery {
  const to = peerOf(event);
  const own = device === undefined ? { uid: event.from } : { uid: event.from, exceptDevice: device };
  const recipients = to === event.from ? [own] : [{ uid: to }, own];
  return { frame: { kind: 'push', event, after: known(toSeq(event.seq - 1)) }, recipients };
}

/** Events of groups go another way (im/group). */
function peerOf({ to }: ChatEvent): Uid {
  if (isGid(to)) throw new TypeError('an event of a group was given to the delivery of conversations of two');
  return to;
}

/** What the sender learns at once besides the ack; undefined where a receipt will tell. */
function presence(
  event: ChatEvent,
  { mid, clientId }: { readonly mid: Mid; readonly clientId: string },
  absent: readonly Uid[],
): DownFrame | undefined {
  const { conv, seq, from } = event;
  const to = peerOf(event);
  if (to === from) {
    // A note to oneself has been received by its only reader.
    const messages = [{ mid, clientId, seq }];
    return { kind: 'receipt', conv, from: seq, to: seq, state: 'received', by: to, messages };
  }
  return absent.includes(to) ? { kind: 'offline', conv, seq, mid, clientId, peer: to } : undefined;
}
