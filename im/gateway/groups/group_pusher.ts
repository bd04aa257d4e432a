/** What a connection of a member is given of a group: the event, a count, a relay, or word that it lacks something. */
import type { ConversationName } from '../../message/conversation.js';
import type { Seq, Uid } from '../../message/ids.js';
import type { Client } from '../client.js';
import type { Deliverer } from '../deliverer.js';
import type { OldSdks } from '../old_sdk/old_sdks.js';
import { SharedFrame } from '../shared_frame.js';
import type { CountTeller } from './count_teller.js';
import type { Counted } from './counted.js';
import type { MemberChange } from './group_event.js';
import type { GroupSlot } from './group_slot.js';

export interface GroupPusherDeps {
  readonly deliverer: Pick<Deliverer, 'pushEvent' | 'relay'>;
  readonly oldSdks: Pick<OldSdks, 'stored' | 'skipped' | 'withheld'>;
  readonly counts: Pick<CountTeller, 'add'>;
  /** An answer: always queued. */
  readonly send: (client: Client, frame: SharedFrame) => void;
}

/** What is being passed around. */
export interface FannedOut {
  readonly shared: SharedFrame;
  readonly seq: number;
  readonly from: Uid;
  readonly counted: Counted | undefined;
  readonly change: MemberChange | undefined;
}

type Withheld = Pick<GroupSlot, 'client' | 'conv' | 'interest'>;

/** Of one connection, a group of which something up to `seq` was not pushed. */
export type Untold = Pick<GroupSlot, 'conv' | 'interest'> & { readonly seq: Seq };

/** Groups in one announcement; more are announced as «any». */
const NAMED_COUNT = 64;

export class GroupPusher {
  readonly #deps: GroupPusherDeps;
  /** The last that was announced: as a rule all members of one group are told one after the other. */
  #announced: { readonly conv: ConversationName; readonly shared: SharedFrame } | undefined;
  /** Events that were not pushed, because a hole was too long or could not be read in time. */
  skippedCount = 0;

  constructor(deps: GroupPusherDeps) {
    this.#deps = deps;
  }

  push(slot: GroupSlot, shared: SharedFrame): void {
    this.#deps.deliverer.pushEvent(slot.client, shared);
  }

  relay(slot: GroupSlot, shared: SharedFrame): void {
    if (slot.interest === 'full') this.#deps.deliverer.relay(slot.client, shared);
  }

  /** Its own event, which it has an answer for. */
  answered({ client }: GroupSlot, { frame }: SharedFrame): void {
    if (frame.kind === 'push') this.#deps.oldSdks.stored(client, frame.event.conv, frame.event.seq);
  }

  /** Whoever does not want all of it: yet nobody goes without being told. Old clients have no word for a count. */
  pushLess(slot: GroupSlot, fanOut: FannedOut): void {
    const { client, conv, interest } = slot;
    const { uid } = client;
    const removed = fanOut.change?.removed ?? [];
    const goes = removed === 'everybody' || (uid !== undefined && removed.includes(uid));
    if (goes || (interest === 'count' && !client.isModern)) {
      this.push(slot, fanOut.shared);
      if (interest === 'muted' && !client.isModern) this.#deps.oldSdks.withheld(client, conv);
      return;
    }
    if (interest === 'count') this.#deps.counts.add(slot, fanOut);
  }

  /**
   * More than before (`interest`), at `seq`: who can fetch what was withheld is told of it; who cannot is pushed that
   * before anything else of the group.
   */
  wantsMore({ client, conv, interest }: Withheld, seq: Seq): void {
    if (client.isModern) return this.announce({ client, conv, interest: 'full' }, seq);
    // Clients that have no word for a count were pushed everything.
    if (interest !== 'muted') return;
    this.#deps.oldSdks.withheld(client, conv);
    this.#deps.oldSdks.skipped(client, conv, seq);
  }

  /** Something up to `seq` was not pushed. */
  announce({ client, conv, interest }: Withheld, seq: Seq): void {
    if (interest === 'muted') return;
    if (!client.isModern) return this.#deps.oldSdks.skipped(client, conv, seq);
    if (this.#announced?.conv !== conv)
      this.#announced = { conv, shared: new SharedFrame({ kind: 'sync', conversations: [conv] }) };
    this.#deps.send(client, this.#announced.shared);
  }

  /** Of many groups at once. */
  announceAll(client: Client, all: readonly Untold[]): void {
    const untold = all.filter(({ interest }) => interest !== 'muted');
    if (untold.length === 0) return;
    if (!client.isModern) {
      for (const { conv, seq } of untold) this.#deps.oldSdks.skipped(client, conv, seq);
      return;
    }
    const conversations = untold.length > NAMED_COUNT ? [] : untold.map(({ conv }) => conv);
    this.#deps.send(client, new SharedFrame({ kind: 'sync', conversations }));
  }
}
