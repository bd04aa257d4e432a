/**
 * A member of one group over a lean socket: signs in with `v` and `caps`, counts what is pushed, acknowledges it
 * every three seconds as our SDK does. Looks into a frame no further than it must.
 */
import { LeanSocket } from './lean_socket.js';
import type { Account } from './plan.js';

export interface LeanTalkerEvents {
  /** A message of the group, one's own not among them; `bytes` is its frame, valid during the call. */
  heard(bytes: Buffer): void;
  stored(): void;
  failed(reason: string): void;
}

export interface LeanTalkerOptions {
  readonly wsUrl: string;
  readonly account: Account;
  readonly gid: number;
  /** Where it stands in the log. */
  readonly knownSeq: number;
}

const RECEIPT_INTERVAL_MS = 3000;
/** Within the server's probe interval. */
const HEARTBEAT_MS = 20_000;

/** Frames of our own server begin like this: the action stands at a fixed distance from `"action":"`. */
const ACTION = Buffer.from('"action":"');
const SEQ = Buffer.from('"seq":');
const GROUP = Buffer.from('message.group"');
const ACK = Buffer.from('ack.message"');
const SIGNED_IN = Buffer.from('notify.success"');
const FAILED = [Buffer.from('message.failed.send"'), Buffer.from('notify.error"')];

export class LeanTalker {
  readonly #options: LeanTalkerOptions;
  readonly #events: LeanTalkerEvents;
  #socket: LeanSocket | undefined;
  #signedIn: (() => void) | undefined;
  readonly #timers: NodeJS.Timeout[] = [];
  #echo = 1;
  #ackedSeq: number;
  heardSeq: number;
  heardCount = 0;

  constructor(options: LeanTalkerOptions, events: LeanTalkerEvents) {
    this.#options = options;
    this.#events = events;
    this.#ackedSeq = options.knownSeq;
    this.heardSeq = options.knownSeq;
  }

  async connect(): Promise<void> {
    const socket = await LeanSocket.connect(this.#options.wsUrl, {
      frame: (bytes) => this.#read(bytes),
      closed: (reason) => this.#events.failed(reason),
    });
    this.#socket = socket;
    const signedIn = new Promise<void>((resolve) => (this.#signedIn = resolve));
    const data = { version: 1, v: 1, caps: [], credential: this.#options.account.token };
    socket.send(JSON.stringify({ action: 'authenticate', seq: 1, data }));
    await signedIn;
    // Spread over the interval, as clients that came at different times are.
    const start = setTimeout(() => {
      this.#timers.push(setInterval(() => this.#acknowledge(), RECEIPT_INTERVAL_MS));
    }, Math.random() * RECEIPT_INTERVAL_MS);
    const beat = setInterval(() => socket.send('{"action":"heartbeat","data":{}}'), HEARTBEAT_MS);
    this.#timers.push(start, beat);
  }

  send(content: string): void {
    const { account, gid } = this.#options;
    const echo = ++this.#echo;
    const cliMid = `${Date.now().toString(36)}-${account.uid}-${echo}`;
    this.#socket?.send(
      `{"action":"message.group","seq":${echo},"data":{"cliMid":"${cliMid}","to":"${gid}","type":1,"content":"${content}"}}`,
    );
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#socket?.close();
  }

  #read(bytes: Buffer): void {
    const at = bytes.indexOf(ACTION);
    if (at === -1) return;
    const name = at + ACTION.length;
    if (startsAt(bytes, name, GROUP)) {
      this.heardCount++;
      // The envelope has a `seq` of its own before the action.
      const seq = numberAt(bytes, bytes.indexOf(SEQ, name) + SEQ.length);
      if (seq > this.heardSeq) this.heardSeq = seq;
      this.#events.heard(bytes);
    } else if (startsAt(bytes, name, ACK)) this.#events.stored();
    else if (startsAt(bytes, name, SIGNED_IN)) this.#signedIn?.();
    else if (FAILED.some((word) => startsAt(bytes, name, word))) this.#events.failed(bytes.toString('utf8'));
  }

  #acknowledge(): void {
    if (this.heardSeq === this.#ackedSeq) return;
    const from = this.#ackedSeq + 1;
    this.#ackedSeq = this.heardSeq;
    this.#socket?.send(
      `{"action":"ack.request","seq":0,"data":{"conv":"g${this.#options.gid}","from":${from},"to":${this.heardSeq},"state":"received"}}`,
    );
  }
}

function startsAt(bytes: Buffer, at: number, word: Buffer): boolean {
  return bytes.compare(word, 0, word.length, at, at + word.length) === 0;
}

function numberAt(bytes: Buffer, at: number): number {
  let value = 0;
  for (let index = at; index < bytes.length; index++) {
    const digit = (bytes[index] ?? 0) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value;
}
