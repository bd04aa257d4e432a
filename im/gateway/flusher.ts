/**
 * Writes clients' queues to their sockets: one write per connection and turn of the event loop, the next only
 * when the kernel has taken the last. What goes to many at once waits for more under load (flush_pace.ts). Also
 * finds the sockets that take nothing.
 */
import type { Client } from './client.js';
import type { FlushPace } from './flush_pace.js';
import { HeldClients } from './held_clients.js';

export interface FlusherDeps {
  /** Room was made: something may be announced, read again, or closed. */
  readonly drained: (client: Client) => void;
}

export interface FlusherOptions {
  /** A write that large is not held back. */
  readonly flushBytes: number;
}

/** Of those that were held back, so many are written in one turn: answers and frames of clients come in between. */
const HELD_PER_TURN = 256;

export class Flusher {
  readonly #options: FlusherOptions;
  readonly #pace: FlushPace;
  readonly #deps: FlusherDeps;
  readonly #held: HeldClients;
  #dirty: Client[] = [];
  #turn = 0;
  #isScheduled = false;

  constructor(options: FlusherOptions, pace: FlushPace, deps: FlusherDeps) {
    this.#options = options;
    this.#pace = pace;
    this.#deps = deps;
    this.#held = new HeldClients(() => this.#flushSoon());
  }

  get holdMs(): number {
    return this.#pace.holdMs;
  }

  /** Has the client's queue written at the end of this turn. */
  schedule(client: Client): void {
    if (client.isInFlushList || client.isWriting || client.isClosed) return;
    client.isInFlushList = true;
    this.#dirty.push(client);
    this.#flushSoon();
  }

  /** The same, or a little later where the loop is behind and the client was written to just now. */
  scheduleLater(client: Client): void {
    if (client.isInFlushList || client.isWriting || client.isClosed) return;
    const { holdMs } = this.#pace;
    if (holdMs === 0 || client.outbound.bytes >= this.#options.flushBytes) return this.schedule(client);
    if (client.isHeldBack) return;
    const waitMs = client.writingSinceMs + holdMs - performance.now();
    if (waitMs <= 0) return this.schedule(client);
    client.isHeldBack = true;
    this.#held.add(client, waitMs);
  }

  /** Writes all scheduled queues now. */
  flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#isScheduled = false;
    this.#turn++;
    this.#pace.look(performance.now());
    for (const client of dirty) {
      client.isInFlushList = false;
      this.#write(client);
    }
    for (let count = 0; count < HELD_PER_TURN; count++) {
      const client = this.#held.takeDue();
      if (client === undefined) return;
      if (client.isHeldBack) this.#write(client);
    }
    this.#flushSoon();
  }

  /** Nothing is held back any more. */
  stop(): void {
    this.#held.stop();
  }

  #flushSoon(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => this.flush();

  #write(client: Client): void {
    client.isHeldBack = false;
    if (client.isWriting || client.isClosed || client.outbound.isEmpty) return;
    client.isWriting = true;
    client.writingSinceMs = performance.now();
    client.writtenInTurn = this.#turn;
    client.onWritten ??= (isPart = false) => (isPart ? moved(client) : this.#written(client));
    const frames = client.outbound.takeFlush(client.isSlow);
    this.#pace.wrote(frames.length);
    client.connection.write(frames, client.onWritten);
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
