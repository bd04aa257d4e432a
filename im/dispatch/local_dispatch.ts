/** Dispatch where there is one gateway, in this process: every recipient's whereabouts are known to it. */
import type { Delivery, Gateway, GroupDelivery, InterestChange, KickOrder } from '../gateway/interface.js';
import type { Dispatch, DispatchOutcome } from './interface.js';

export class LocalDispatch implements Dispatch {
  readonly #gateway: () => Gateway;

  /** A function, because the gateway is built last: it needs messaging, which needs dispatch. */
  constructor(gateway: () => Gateway) {
    this.#gateway = gateway;
  }

  deliver(deliveries: readonly Delivery[]): Promise<readonly DispatchOutcome[]> {
    return this.#gateway().deliver(deliveries);
  }

  kick(orders: readonly KickOrder[]): Promise<void> {
    return this.#gateway().kick(orders);
  }

  deliverToGroups(deliveries: readonly GroupDelivery[]): Promise<void> {
    return this.#gateway().deliverToGroups(deliveries);
  }

  setInterest(changes: readonly InterestChange[]): Promise<void> {
    return this.#gateway().setInterest(changes);
  }
}
