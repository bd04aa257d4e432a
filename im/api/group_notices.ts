/**
 * Who is told that somebody asks to be let in: once, however often he asks, until he is answered. Best effort: who is
 * not reached finds it in his list. Who came in is told by whoever delivers the notice of it.
 */
import { RecentMap } from '../../pkg/limit/recent_map.js';
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import type { Delivery } from '../gateway/interface.js';
import type { Gid, Uid } from '../message/ids.js';
import type { GroupStore } from '../store/group_interface.js';

export interface GroupNoticesDeps {
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly groups: Pick<GroupStore, 'admins'>;
  /** Ms since 1970. */
  readonly nowMs: () => number;
  readonly logger: Logger;
}

/** Somebody who asks again within it is not told of again. */
const TOLD_MS = 600_000;
/** Askers remembered; then the one of longest ago may be told of again. */
const ASKER_COUNT = 10_000;
/** Told of one request, the owner first; other admins find it in the list. */
const ADMIN_COUNT = 100;

export class GroupNotices {
  readonly #deps: GroupNoticesDeps;
  /** Of each group and asker, when its admins were told. */
  readonly #toldAtMs = new RecentMap<string, number>(ASKER_COUNT);

  constructor(deps: GroupNoticesDeps) {
    this.#deps = deps;
  }

  /** Somebody asks to be let in. */
  async asked(gid: Gid, from: Uid, comment: string): Promise<void> {
    if (!this.#isNews(keyOf(gid, from))) return;
    const admins = await this.#deps.groups.admins(gid);
    if (admins.length === 0) return;
    const recipients = admins.slice(0, ADMIN_COUNT).map((uid) => ({ uid }));
    await this.#deliver(gid, [{ frame: { kind: 'groupRequest', gid, from, comment }, recipients }]);
  }

  /** He was let in, or not: if he asks again it is another request. */
  answered(gid: Gid, from: Uid): void {
    this.#toldAtMs.delete(keyOf(gid, from));
  }

  #isNews(key: string): boolean {
    const nowMs = this.#deps.nowMs();
    const { value: toldAtMs } = this.#toldAtMs.use(key, () => -Infinity);
    const isNews = nowMs - toldAtMs >= TOLD_MS || nowMs < toldAtMs;
    if (isNews) {
      this.#toldAtMs.delete(key);
      this.#toldAtMs.use(key, () => nowMs);
    }
    return isNews;
  }

  async #deliver(gid: Gid, deliveries: readonly Delivery[]): Promise<void> {
    try {
      await this.#deps.dispatch.deliver(deliveries);
    } catch (error) {
      this.#deps.logger.warn({ err: error, gid }, 'group notice not delivered');
    }
  }
}

function keyOf(gid: Gid, uid: Uid): string {
  return `${gid} ${uid}`;
}
