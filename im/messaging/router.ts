/**
 * Action to handler: chats and recalls to the batcher, relayed frames on, receipts to their checks, api requests
 * to the api room. Every frame
 * that comes in gets exactly one ending reply. Step 4 of the message path.
 */
import type { Logger } from '../../pkg/log/logger.js';
import type { Api } from '../api/interface.js';
import { imError, toCodedError } from '../errors.js';
import { ACTIONS } from '../message/actions.js';
import { errorInfo, errorInfoOf } from '../message/error_info.js';
import type { ApiUp, ChatUp, DownFrame, RecallUp, ReceiptUp, RelayUp } from '../message/message.js';
import type { ChatHandler } from './chat_handler.js';
import type { InboundFrame, Messaging, Reply, ReplySink } from './interface.js';
import type { RecallHandler } from './recall_handler.js';
import type { ReceiptHandler } from './receipts.js';
import type { RelayHandler } from './relay_handler.js';
import type { TicketChecker } from './tickets.js';

export interface MessagingRouterDeps {
  readonly chat: ChatHandler;
  readonly recalls: RecallHandler;
  readonly relays: RelayHandler;
  readonly tickets: TicketChecker;
  readonly receipts: ReceiptHandler;
  readonly api: Api;
  readonly replies: ReplySink;
  readonly logger: Logger;
}

export class MessagingRouter implements Messaging {
  readonly #deps: MessagingRouterDeps;

  constructor(deps: MessagingRouterDeps) {
    this.#deps = deps;
  }

  handle(frames: readonly InboundFrame[]): void {
    for (const inbound of frames) this.#handleOne(inbound);
  }

  #handleOne(inbound: InboundFrame): void {
    const { frame, uid } = inbound;
    if (frame.kind === 'api') return void this.#call(inbound, frame);
    if (uid === undefined)
      return this.#answer(inbound, { kind: 'error', echo: 0, error: errorInfo('NOT_SIGNED_IN') });
    if (frame.kind === 'receipt') return this.#receipt(inbound, uid, frame);
    if (!this.#deps.tickets.accepts(uid, frame, inbound.dialect))
      return this.#answer(inbound, forbidden(frame));
    switch (frame.kind) {
      case 'chat':
        return this.#deps.chat.handle({ ...inbound, uid, frame });
      case 'recall':
        return this.#deps.recalls.handle({ ...inbound, uid, frame });
      case 'relay':
        return this.#deps.relays.handle({ ...inbound, uid, frame });
    }
  }

  #receipt(inbound: InboundFrame, uid: NonNullable<InboundFrame['uid']>, what: ReceiptUp): void {
    const reader = { uid, device: inbound.device };
    const done = (error: Error | undefined): void => {
      if (error === undefined) this.#answer(inbound, undefined);
      else this.#answer(inbound, { kind: 'error', echo: 0, error: errorInfoOf(toCodedError(error)) });
    };
    if (what.by === 'mids') this.#deps.receipts.addAll(reader, what.mids, done);
    else this.#deps.receipts.add({ reader, what, done });
  }

  /** Never rejects. */
  async #call(inbound: InboundFrame, { action, echo, data }: ApiUp): Promise<void> {
    const { uid, device, tokenVersion, host, address, dialect } = inbound;
    try {
      const operation = this.#deps.api.operationOf(action);
      if (operation === undefined) throw imError('NO_SUCH_ROUTE');
      const caller = uid === undefined ? undefined : { uid, device, tokenVersion };
      const result = await this.#deps.api.call({ operation, input: data, caller, host, address, dialect });
      // The one request that is answered under its own name.
      const answered = action === ACTIONS.apiAppEcho ? action : ACTIONS.apiSuccess;
      this.#answer(inbound, { kind: 'success', action: answered, echo, data: result });
    } catch (error) {
      const coded = toCodedError(error);
      if (coded !== error) this.#deps.logger.error({ err: error, action }, 'an operation failed');
      this.#answer(inbound, { kind: 'apiError', action: ACTIONS.apiFailed, echo, error: errorInfoOf(coded) });
    }
  }

  #answer({ connection, bytes }: InboundFrame, frame: Reply['frame']): void {
    this.#deps.replies.reply([{ connection, frame, ends: true, bytes }]);
  }
}

function forbidden(frame: ChatUp | RecallUp | RelayUp): DownFrame {
  const { echo } = frame;
  const error = errorInfo('WRONG_TICKET');
  if (frame.kind === 'relay') return { kind: 'forbidden', echo, mid: 0, clientId: '', error };
  const mid = frame.kind === 'recall' && frame.mid === 0 ? frame.target : frame.mid;
  return { kind: 'forbidden', echo, mid, clientId: frame.clientId, error };
}
