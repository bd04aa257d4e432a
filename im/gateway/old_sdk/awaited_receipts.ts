/**
 * What becomes of an event that an old client has just been pushed: it waits for the client's receipt,
 * or, where none will come, for a sign that the device has it.
 */
import { groupOf } from '../../message/conversation.js';
import { EVENT_KIND, type ChatEvent } from '../../message/message.js';
import { wireMid } from '../../message/recall.js';
import type { Client } from '../client.js';
import type { SharedFrame } from '../shared_frame.js';
import type { OldClient } from './old_client.js';
import type { WrittenReceipts } from './written_receipts.js';

export interface PushedEvent {
  readonly event: ChatEvent;
  readonly shared: SharedFrame;
  /** Nobody need be told if the client goes away without having acknowledged it. */
  readonly isTold: boolean;
}

export class AwaitedReceipts {
  readonly #written: WrittenReceipts;

  constructor(written: WrittenReceipts) {
    this.#written = written;
  }

  /** True where a receipt of the client is waited for. */
  pushed(client: Client, old: OldClient, { event, shared, isTold }: PushedEvent): boolean {
    const isGroup = groupOf(event.conv) !== undefined;
    const isOwn = event.from === client.uid;
    const hasWord = shared.chunks(client.dialect, client.connection.format).length > 0;
    // One's own are not waited for, whichever SDK acknowledges them. The Java SDK acknowledges messages of groups and
    // no notice; pushed again, an old one would undo a newer one.
    const isAcked = !isOwn && (!isGroup || (client.profile === 'legacy' && event.kind !== EVENT_KIND.notice));
    if (!hasWord || !isAcked) {
      this.#written.add(client, event);
      return false;
    }
    const ackedAs = wireMid(event, client.profile ?? 'web');
    // Nobody waits for the receipts of a group one by one.
    old.unacked.add(event, { ackedAs, isTold: isTold || isGroup, nowMs: performance.now() });
    return true;
  }
}
