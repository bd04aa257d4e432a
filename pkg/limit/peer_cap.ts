/**
 * Bounds the TCP connections that one address has on one listener: the excess is cut before it may send a byte,
 * or shake hands. Addresses of trusted proxies are not counted: who is behind them is told by their requests.
 */
import type { Server, Socket } from 'node:net';
import { canonicalAddress, limitKeyOf } from './address.js';
import type { ProxyTrust } from './proxy_trust.js';

export class PeerCap {
  readonly #limitCount: number;
  readonly #trust: ProxyTrust;
  /** Of addresses with open connections: no more entries than those. */
  readonly #counts = new Map<string, number>();
  #refusedCount = 0;

  constructor(limitCount: number, trust: ProxyTrust) {
    this.#limitCount = limitCount;
    this.#trust = trust;
  }

  /** Connections cut since the start. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  guard(server: Server): void {
    server.on('connection', (socket: Socket) => this.#opened(socket));
  }

  #opened(socket: Socket): void {
    const address = canonicalAddress(socket.remoteAddress ?? '');
    if (address === undefined || this.#trust.trusts(address)) return;
    const key = limitKeyOf(address);
    const count = (this.#counts.get(key) ?? 0) + 1;
    if (count > this.#limitCount) {
      this.#refusedCount++;
      socket.destroy();
      return;
    }
    this.#counts.set(key, count);
    socket.once('close', () => this.#closed(key));
  }

  #closed(key: string): void {
    const count = (this.#counts.get(key) ?? 1) - 1;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }
}
