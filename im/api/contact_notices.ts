/** Who is told about contacts, on which devices. Best effort: who is not reached finds it in his lists. */
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import type { Delivery } from '../gateway/interface.js';
import type { Uid } from '../message/ids.js';
import type { Caller } from './interface.js';

export interface ContactNoticesDeps {
  readonly dispatch: Pick<Dispatch, 'deliver'>;
  readonly logger: Logger;
}

export class ContactNotices {
  readonly #deps: ContactNoticesDeps;

  constructor(deps: ContactNoticesDeps) {
    this.#deps = deps;
  }

  /** Both are contacts now, by what `caller` did: he is told on his other devices. */
  async added({ uid, device }: Caller, peer: Uid): Promise<void> {
    await this.#deliver(uid, peer, [
      { frame: { kind: 'contact', id: uid, from: uid }, recipients: [{ uid: peer }] },
      { frame: { kind: 'contact', id: peer, from: uid }, recipients: [{ uid, exceptDevice: device }] },
    ]);
  }

  async asked({ uid }: Caller, peer: Uid, comment: string): Promise<void> {
    await this.#deliver(uid, peer, [
      { frame: { kind: 'contactRequest', from: uid, comment }, recipients: [{ uid: peer }] },
    ]);
  }

  async #deliver(uid: Uid, peer: Uid, deliveries: readonly Delivery[]): Promise<void> {
    try {
      await this.#deps.dispatch.deliver(deliveries);
    } catch (error) {
      this.#deps.logger.warn({ err: error, uid, peer }, 'contact notice not delivered');
    }
  }
}
