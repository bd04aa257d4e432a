/** Tells those who only want to know how many messages came in a group: one small frame each, now and then. */
import { known, toSeq } from '../../message/ids.js';
import type { Deliverer } from '../deliverer.js';
import { SharedFrame } from '../shared_frame.js';
import type { GroupOptions } from './group_options.js';
import type { GroupSlot } from './group_slot.js';

export interface CountTellerDeps {
  readonly deliverer: Pick<Deliverer, 'pushCount'>;
}

export class CountTeller {
  readonly #options: Pick<GroupOptions, 'groupCountMs'>;
  readonly #deps: CountTellerDeps;
  /** With the last seq of each; bounded by the places in all groups. */
  #untold = new Map<GroupSlot, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: Pick<GroupOptions, 'groupCountMs'>, deps: CountTellerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  add(slot: GroupSlot, seq: number): void {
    slot.untoldCount++;
    this.#untold.set(slot, seq);
    this.#timer ??= setTimeout(() => this.#tell(), this.#options.groupCountMs).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#untold.clear();
  }

  #tell(): void {
    this.#timer = undefined;
    const untold = this.#untold;
    this.#untold = new Map();
    /** Most of a group's are told the same. */
    const frames = new Map<string, SharedFrame>();
    for (const [slot, seq] of untold) {
      const messages = slot.untoldCount;
      slot.untoldCount = 0;
      const { client, gid, conv } = slot;
      // He went, or wants all of it or nothing by now.
      if (messages === 0 || client.groups?.get(gid) !== slot) continue;
      const key = `${gid}/${seq}/${messages}`;
      let shared = frames.get(key);
      if (shared === undefined) {
        const lastSeq = known(toSeq(seq));
        shared = new SharedFrame({ kind: 'count', conv, lastSeq, messages });
        frames.set(key, shared);
      }
      this.#deps.deliverer.pushCount(client, conv, shared);
    }
  }
}
