/** Tells those who only want to know how many messages came in a group: one small frame each, now and then. */
import { known, toSeq, type Uid } from '../../message/ids.js';
import { EVERYBODY, type DownFrame } from '../../message/message.js';
import type { Deliverer } from '../deliverer.js';
import { SharedFrame } from '../shared_frame.js';
import type { Counted } from './counted.js';
import type { GroupOptions } from './group_options.js';
import type { GroupSlot } from './group_slot.js';

export interface CountTellerDeps {
  readonly deliverer: Pick<Deliverer, 'pushCount'>;
}

/** An event that somebody is not pushed. */
export interface UnpushedEvent {
  readonly seq: number;
  readonly from: Uid;
  readonly counted: Counted | undefined;
}

/** What few of them are told besides. */
interface Besides {
  mentions: number;
  /** So many of what is untold are no messages. */
  recalls: number;
  recalledSeq: number;
}

const NOTHING: Readonly<Besides> = { mentions: 0, recalls: 0, recalledSeq: 0 };

export class CountTeller {
  readonly #options: Pick<GroupOptions, 'groupCountMs'>;
  readonly #deps: CountTellerDeps;
  /** With the last seq of each; bounded by the places in all groups. */
  #untold = new Map<GroupSlot, number>();
  /** Of some of these. */
  #besides = new Map<GroupSlot, Besides>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: Pick<GroupOptions, 'groupCountMs'>, deps: CountTellerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  add(slot: GroupSlot, { seq, from, counted }: UnpushedEvent): void {
    if (counted === undefined) return;
    const { isMessage, mentions, recalledSeq } = counted;
    const { uid } = slot.client;
    if (isMessage && from === uid) return;
    if (slot.untoldCount++ === 0) {
      slot.untoldFromSeq = seq;
      // He has wanted something else since.
      this.#besides.delete(slot);
    }
    if (mentions.some((one) => one === uid || one === EVERYBODY)) this.#besidesOf(slot).mentions++;
    if (!isMessage) {
      const besides = this.#besidesOf(slot);
      besides.recalls++;
      besides.recalledSeq = Math.max(besides.recalledSeq, recalledSeq);
    }
    this.#untold.set(slot, seq);
    this.#timer ??= setTimeout(() => this.#tell(), this.#options.groupCountMs).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#untold.clear();
    this.#besides.clear();
  }

  #besidesOf(slot: GroupSlot): Besides {
    const before = this.#besides.get(slot);
    if (before !== undefined) return before;
    const besides = { ...NOTHING };
    this.#besides.set(slot, besides);
    return besides;
  }

  #tell(): void {
    this.#timer = undefined;
    const [untold, allBesides] = [this.#untold, this.#besides];
    this.#untold = new Map();
    this.#besides = new Map();
    /** Most of a group's are told the same. */
    const frames = new Map<string, SharedFrame>();
    for (const [slot, seq] of untold) {
      const { client, gid, conv, interest, untoldCount, untoldFromSeq } = slot;
      slot.untoldCount = 0;
      // He went, or wants all of it or nothing by now.
      if (interest !== 'count' || client.groups?.get(gid) !== slot) continue;
      if (untoldCount === 0) continue;
      const { mentions, recalls, recalledSeq } = allBesides.get(slot) ?? NOTHING;
      const messages = untoldCount - recalls;
      const key = `${gid}/${untoldFromSeq}/${seq}/${messages}/${mentions}/${recalledSeq}`;
      let shared = frames.get(key);
      if (shared === undefined) {
        shared = new SharedFrame(countFrame(slot, seq, { messages, mentions, recalledSeq }));
        frames.set(key, shared);
      }
      this.#deps.deliverer.pushCount(client, conv, shared);
    }
  }
}

/** Rare fields are left out: they are what most frames do not have. */
function countFrame(
  { conv, untoldFromSeq }: GroupSlot,
  seq: number,
  { messages, mentions, recalledSeq }: { messages: number; mentions: number; recalledSeq: number },
): DownFrame {
  return {
    kind: 'count',
    conv,
    fromSeq: known(toSeq(untoldFromSeq)),
    lastSeq: known(toSeq(seq)),
    messages,
    ...(mentions > 0 && { mentions }),
    ...(recalledSeq > 0 && { recalledSeq: known(toSeq(recalledSeq)) }),
  };
}
