/**
 * Tickets, for servers that ask for them: fetched when a frame was refused for the lack of one, kept per peer,
 * and fetched anew when the server no longer takes the one we have.
 */
export interface TicketsDeps {
  /** Asks the server; rejects with a CodedError. */
  fetch(to: number): Promise<string>;
}

/** Peers whose tickets are kept; beyond it the oldest is fetched again. */
const TICKET_LIMIT = 1_000;

export class Tickets {
  readonly #deps: TicketsDeps;
  readonly #byPeer = new Map<number, string>();

  constructor(deps: TicketsDeps) {
    this.#deps = deps;
  }

  /** '' where none was needed yet. */
  of(to: number): string {
    return this.#byPeer.get(to) ?? '';
  }

  /** Instead of the one that was refused. */
  async renew(to: number): Promise<void> {
    this.#byPeer.delete(to);
    const ticket = await this.#deps.fetch(to);
    this.#byPeer.set(to, ticket);
    if (this.#byPeer.size <= TICKET_LIMIT) return;
    for (const oldest of this.#byPeer.keys()) {
      this.#byPeer.delete(oldest);
      return;
    }
  }

  clear(): void {
    this.#byPeer.clear();
  }
}
