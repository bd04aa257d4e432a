/** The rooms between the connections and the store: messages, groups, receipts, and what is passed on. */
import type { TokenSigner } from '../../im/api/interface.js';
import { LocalBroker } from '../../im/broker/local_broker.js';
import type { Dispatch } from '../../im/dispatch/interface.js';
import { LocalGroups } from '../../im/group/local_groups.js';
import { ChatHandler } from '../../im/messaging/chat_handler.js';
import { EventDelivery } from '../../im/messaging/event_delivery.js';
import { EventHandler } from '../../im/messaging/event_handler.js';
import type { ReplySink } from '../../im/messaging/interface.js';
import { MarkWriter } from '../../im/messaging/mark_writer.js';
import { RecallHandler } from '../../im/messaging/recall_handler.js';
import { ReceiptHandler } from '../../im/messaging/receipts.js';
import { RepeatedMessages } from '../../im/messaging/repeated_messages.js';
import { RelayHandler } from '../../im/messaging/relay_handler.js';
import { TicketChecker } from '../../im/messaging/tickets.js';
import { WorldChannel } from '../../im/messaging/world_channel.js';
import { AppendBatcher } from '../../im/store/append_batcher.js';
import type { Stores } from '../../im/store/stores_interface.js';
import type { Logger } from '../../pkg/log/logger.js';
import type { Config } from '../../service/config.js';

export interface MessagingRoomsDeps {
  readonly stores: Stores;
  readonly signer: TokenSigner;
  readonly dispatch: Dispatch;
  readonly replies: ReplySink;
  /** After each transaction of the store. */
  readonly onBatch: (requestCount: number, ms: number) => void;
  readonly logger: Logger;
}

export function buildMessaging(config: Config, deps: MessagingRoomsDeps) {
  const { dispatch, replies, onBatch, logger } = deps;
  const { messages: store, ids } = deps.stores;
  const options = config.messaging;
  const batcher = new AppendBatcher(options, { store, ids, logger, onBatch });
  const groups = new LocalGroups(options, { appender: batcher, dispatch, logger });
  const world = new WorldChannel(options, { groups });
  const marks = new MarkWriter(options, { store, logger });
  const delivery = new EventDelivery({ dispatch, replies, logger });
  const shared = { store, appender: batcher, groups, world, delivery, dispatch, replies, logger };
  const receipts = new ReceiptHandler({ ...shared, sizes: groups, marks });
  return {
    ...{ batcher, groups, marks, receipts, broker: new LocalBroker(groups) },
    chat: new ChatHandler({ ...shared, repeated: new RepeatedMessages({ ...shared, receipts }) }),
    recalls: new RecallHandler(options, shared),
    changes: new EventHandler({ ...options, ...config.gateway }, shared),
    relays: new RelayHandler(options, { ...shared, nowMs: () => performance.now() }),
    tickets: new TicketChecker(options, deps),
  };
}
