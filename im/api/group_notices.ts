/**
 * Who is told that somebody asks to be let in. Best effort: who is not reached finds it in his list. Who came in is
 * told by whoever delivers the notice of it.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import type { Delivery } from '../gateway/interface.js';
import type { Gid, Uid } from '../message/ids.js';

export interface GroupNoticesDeps {
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly logger: Logger;
}

export class GroupNotices {
  readonly #deps: GroupNoticesDeps;

  constructor(deps: GroupNoticesDeps) {
    this.#deps = deps;
  }

  /** Somebody asks to be let in. */
  async asked(gid: Gid, from: Uid, comment: string, admins: readonly Uid[]): Promise<void> {
    if (admins.length === 0) return;
    const recipients = admins.map((uid) => ({ uid }));
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
