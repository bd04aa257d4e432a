/** Who was in which group from when to when, as the notices in the store's own rows say. For the history checker. */
import { groupOf } from '../../im/message/conversation.js';
import { EVENT_KIND } from '../../im/message/message.js';
import { membersChanged, readNotice } from '../../im/message/notice.js';
import type { Logged } from './logged.js';

/** Closed; the notices by which he came and went are inside. `to` is Infinity while he is a member. */
interface Interval {
  readonly from: number;
  to: number;
}

export class Memberships {
  readonly #byGroup = new Map<string, Map<number, Interval[]>>();

  constructor(stored: readonly Logged[]) {
    const notices = stored.filter(
      ({ kind, conv }) => kind === EVENT_KIND.notice && groupOf(conv) !== undefined,
    );
    for (const row of notices.toSorted((one, other) => one.seq - other.seq)) this.#apply(row);
  }

  covers(conv: string, uid: number, seq: number): boolean {
    return this.intervals(conv, uid).some(({ from, to }) => from <= seq && seq <= to);
  }

  wasIn(conv: string, uid: number): boolean {
    return this.intervals(conv, uid).length > 0;
  }

  intervals(conv: string, uid: number): readonly Readonly<Interval>[] {
    return this.#byGroup.get(conv)?.get(uid) ?? [];
  }

  #apply({ conv, seq, content }: Logged): void {
    const notice = readNotice(content);
    if (notice === undefined) throw new Error(`a notice that cannot be read: ${content}`);
    const members = this.#byGroup.get(conv) ?? new Map<number, Interval[]>();
    this.#byGroup.set(conv, members);
    const { added, removed } = membersChanged(notice);
    for (const uid of added) {
      const intervals = members.get(uid) ?? [];
      if (intervals.at(-1)?.to === Infinity)
        throw new Error(`${uid} came into ${conv} twice, again at ${seq}`);
      intervals.push({ from: seq, to: Infinity });
      members.set(uid, intervals);
    }
    for (const uid of removed === 'everybody' ? members.keys() : removed) {
      const last = members.get(uid)?.at(-1);
      if (last?.to === Infinity) last.to = seq;
      else if (removed !== 'everybody')
        throw new Error(`${uid} went from ${conv} at ${seq} and was not there`);
    }
  }
}
