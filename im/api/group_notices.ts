/**
 * Who is told that somebody asks to be let in. Best effort: who is not reached finds it in his list. Who came in is
 * told by whoever delivers the notice of it.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import type { Delivery } from '../gateway/interface.js';
import type { Gid, Uid } from '../message/ids.js';
import type { GroupStore } from '../store/group_interface.js';

export interface GroupNoticesDeps {
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly groups: Pick<GroupStore, 'admins'>;
  readonly logger: Logger;
}

/** Told of one request, the owner first; other admins find it in the list. */
const ADMIN_COUNT = 100;

export class GroupNotices {
  readonly #deps: GroupNoticesDeps;

  constructor(deps: GroupNoticesDeps) {
    this.#deps = deps;
  }

  /** Somebody asks to be let in. */
  async asked(gid: Gid, from: Uid, comment: string): Promise<void> {
    const admins = await this.#deps.groups.admins(gid);
    if (admins.length === 0) return;
    const recipients = admins.slice(0, ADMIN_COUNT).map((uid) => ({ uid }));
    await this.#deliver(gid, [{ frame: { kind: 'groupRequest', gid, from, comment }, recipients }]);
  }

  async #deliver(gid: Gid, deliveries: readonly Delivery[]): Promise<void> {
    try {
      await this.#deps.dispatch.deliver(deliveries);
    } catch (error) {
      this.#deps.logger.warn({ err: error, gid }, 'group notice not delivered');
    }
  }
}
