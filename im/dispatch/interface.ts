/**
 * Dispatch knows where users are connected and takes deliveries there. In one process it is the gateway itself
 * (im/dispatch/local_dispatch.ts).
 */
import type { Delivery, GroupDelivery, InterestChange, KickOrder } from '../gateway/interface.js';
import type { Uid } from '../message/ids.js';

export interface DispatchOutcome {
  /** Recipients known to be connected nowhere; those whose whereabouts are unknown are not among them. */
  readonly absent: readonly Uid[];
}

export interface Dispatch {
  /** Outcomes in the order of the deliveries. */
  deliver(deliveries: readonly Delivery[]): Promise<readonly DispatchOutcome[]>;
  kick(orders: readonly KickOrder[]): Promise<void>;
  /** To every gateway that has members of the group connected. */
  deliverToGroups(deliveries: readonly GroupDelivery[]): Promise<void>;
  setInterest(changes: readonly InterestChange[]): Promise<void>;
}
