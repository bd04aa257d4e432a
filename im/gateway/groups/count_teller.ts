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
  recalledSeq: number;
}

const NOTHING: Readonly<Besides> = { mentions: 0, recalledSeq: 0 };

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
    if (isMessage) slot.untoldCount++;
    if (mentions.some((one) => one === uid || one === EVERYBODY)) this.#besidesOf(slot).mentions++;
    if (recalledSeq > 0) {
      const besides = this.#besidesOf(slot);
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
      const messages = slot.untoldCount;
      slot.untoldCount = 0;
      const besides = allBesides.get(slot) ?? NOTHING;
      const { client, gid, conv, interest } = slot;
      // He went, or wants all of it or nothing by now.
      if (interest !== 'count' || client.groups?.get(gid) !== slot) continue;
      if (messages === 0 && besides.recalledSeq === 0) continue;
      const mentions = Math.min(besides.mentions, messages);
      const key = `${gid}/${seq}/${messages}/${mentions}/${besides.recalledSeq}`;
      let shared = frames.get(key);
      if (shared === undefined) {
        shared = new SharedFrame(countFrame(slot, seq, messages, { ...besides, mentions }));
        frames.set(key, shared);
      }
      this.#deps.deliverer.pushCount(client, conv, shared);
    }
  }
}

/** Rare fields are left out: they are what most frames do not have. */
function countFrame(
  { conv }: GroupSlot,
  seq: number,
  messages: number,
  { mentions, recalledSeq }: Readonly<Besides>,
): DownFrame {
  return {
    kind: 'count',
    conv,
    lastSeq: known(toSeq(seq)),
    messages,
    ...(mentions > 0 && { mentions }),
    ...(recalledSeq > 0 && { recalledSeq: known(toSeq(recalledSeq)) }),
  };
}
