/** One message of a log, as a screen or the store has it. */
export interface Logged {
  readonly conv: string;
  readonly seq: number;
  readonly mid: number;
  readonly clientId: string;
  readonly from: number;
  readonly content: string;
  /** EVENT_KIND, in the store; absent: a message. What is none has a place in the log and is on no screen. */
  readonly kind?: number;
}
