/** Puts a logged event into an old client's queue, if it fits: nothing is marked, the caller remembers what did not. */
import type { Client } from '../client.js';
import type { SharedFrame } from '../shared_frame.js';

export interface EventPusherDeps {
  readonly schedule: (client: Client) => void;
}

export class EventPusher {
  readonly #deps: EventPusherDeps;
  pushedCount = 0;
  /** Did not fit, and is read from the store when there is room. */
  letGoCount = 0;

  constructor(deps: EventPusherDeps) {
    this.#deps = deps;
  }

  tryPush(client: Client, shared: SharedFrame): boolean {
    const chunks = shared.chunks(client.dialect, client.connection.format);
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (!client.outbound.fits(bytes)) {
      this.letGoCount++;
      return false;
    }
    // No word for it in this dialect: that counts as pushed.
    if (chunks.length === 0) return true;
    for (const chunk of chunks) client.outbound.enqueue(chunk);
    this.pushedCount++;
    this.#deps.schedule(client);
    return true;
  }
}
