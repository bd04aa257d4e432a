/**
 * Writes clients' queues to their sockets: one write per connection and turn of the event loop, the next only
 * when the kernel has taken the last. Also finds the sockets that take nothing.
 */
import type { Client } from './client.js';

export interface FlusherDeps {
  /** Room was made: something may be announced, read again, or closed. */
  readonly drained: (client: Client) => void;
}

export class Flusher {
  readonly #deps: FlusherDeps;
  #dirty: Client[] = [];
  #turn = 0;

  constructor(deps: FlusherDeps) {
    this.#deps = deps;
  }

  /** Has the client's queue written at the end of this turn. */
  schedule(client: Client): void {
    if (client.isInFlushList || client.isWriting || client.isClosed) return;
    client.isInFlushList = true;
    this.#dirty.push(client);
    if (this.#dirty.length === 1) setImmediate(() => this.flush());
  }

  /** Writes all scheduled queues now. */
  flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#turn++;
    for (const client of dirty) {
      client.isInFlushList = false;
      this.#write(client);
    }
  }

  #write(client: Client): void {
    if (client.isWriting || client.isClosed || client.outbound.isEmpty) return;
    client.isWriting = true;
    client.writingSinceMs = performance.now();
    client.writtenInTurn = this.#turn;
    client.onWritten ??= (isPart = false) => (isPart ? moved(client) : this.#written(client));
    client.connection.write(client.outbound.takeFlush(client.isSlow), client.onWritten);
  }

  #written(client: Client): void {
    // A kernel with room takes a write before the next turn's flush.
    client.isSlow = client.writtenInTurn !== this.#turn;
    client.isWriting = false;
    client.outbound.wrote();
    if (!client.outbound.isEmpty) this.schedule(client);
    this.#deps.drained(client);
  }
}

/** Slow perhaps, but not stuck. */
function moved(client: Client): void {
  client.writingSinceMs = performance.now();
}
