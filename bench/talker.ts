/** One end of a benchmarked conversation, whatever speaks for it: the SDK or bare frames. */
import type { Account } from './plan.js';

export interface Heard {
  readonly conv: string;
  readonly seq: number;
  readonly content: string;
}

export interface TalkerEvents {
  /** The one send under way was acknowledged as stored. */
  stored(): void;
  failed(reason: string): void;
  /** A message of somebody else, as often as it came through. */
  heard(message: Heard): void;
}

export interface Talker {
  /** Resolves when signed in and in sync. */
  connect(): Promise<void>;
  /** One at a time: the next after `stored` or `failed`. */
  send(to: number, content: string): void;
  close(): Promise<void>;
}

/** Where the talker's log stands before the run; it must not fetch what lies below. */
export interface Known {
  readonly conv: string;
  readonly seq: number;
  readonly epoch: number;
}

export interface TalkerOptions {
  readonly wsUrl: string;
  readonly account: Account;
  readonly known: Known;
}
