/**
 * The end of a connection: nothing more is read, what is under way is answered, what is queued is written, and only
 * then it is closed, with a code that says whether to come back. See the drawing in client.ts.
 */
import type { CloseName } from '../errors.js';
import type { Client } from './client.js';

export interface CloserDeps {
  /** It is nobody's device any more. May be told twice. */
  readonly unbind: (client: Client) => void;
  /** It is closing: look at it soon. */
  readonly hasten: (client: Client) => void;
  readonly schedule: (client: Client) => void;
}

export class Closer {
  readonly #deps: CloserDeps;
  readonly #counts = new Map<CloseName, number>();

  constructor(deps: CloserDeps) {
    this.#deps = deps;
  }

  /** Connections that were closed from here, by reason, since the start. */
  get counts(): ReadonlyMap<CloseName, number> {
    return this.#counts;
  }

  /** Reads nothing more, answers what is under way, writes what is queued, then closes. */
  drain(client: Client, reason: CloseName): void {
    if (client.closing !== undefined || client.isClosed) return;
    client.closing = reason;
    client.closingSinceMs = performance.now();
    this.#deps.hasten(client);
    client.held = undefined;
    client.connection.pause();
    this.#deps.unbind(client);
    this.closeIfDone(client);
  }

  /** Call when something of a closing client was answered or written. */
  closeIfDone(client: Client): void {
    if (client.closing === undefined || client.unansweredCount > 0) return;
    if (client.isWriting || !client.outbound.isEmpty) return this.#deps.schedule(client);
    this.cut(client, client.closing);
  }

  /** At once, whatever is still to be written. */
  cut(client: Client, reason: CloseName): void {
    if (client.isClosed) return;
    // The transport tells when it is gone; until then nothing is written any more.
    client.isClosed = true;
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    this.#deps.unbind(client);
    client.connection.close(reason);
  }
}
