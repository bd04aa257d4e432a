/**
 * The frames of our SDK without the SDK: signs in with `v` and `caps`, sends, and acknowledges what it got once a
 * second. Has no gap fill and no retry: what goes missing shows up as lost.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Talker, TalkerEvents, TalkerOptions } from './talker.js';

/** The SDK's own receipt interval. */
const RECEIPT_INTERVAL_MS = 1000;

interface Frame {
  readonly action: string;
  readonly data: {
    readonly conv: string;
    readonly seq: number;
    readonly from: string;
    readonly content: string;
  };
}

export class BareTalker implements Talker {
  readonly #options: TalkerOptions;
  readonly #events: TalkerEvents;
  #socket: WebSocket | undefined;
  #receipts: NodeJS.Timeout | undefined;
  #ackedSeq: number;
  #heardSeq: number;
  #echo = 1;
  #signedIn: (() => void) | undefined;

  constructor(options: TalkerOptions, events: TalkerEvents) {
    this.#options = options;
    this.#events = events;
    this.#ackedSeq = options.known.seq;
    this.#heardSeq = options.known.seq;
  }

  async connect(): Promise<void> {
    const socket = new WebSocket(this.#options.wsUrl, { perMessageDeflate: false });
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#read(data.toString('utf8')));
    socket.on('close', (code) => this.#events.failed(`closed with ${code}`));
    await once(socket, 'open');
    const signedIn = new Promise<void>((resolve) => (this.#signedIn = resolve));
    const data = { version: 1, v: 1, caps: [], credential: this.#options.account.token };
    socket.send(JSON.stringify({ action: 'authenticate', seq: 1, data }));
    await signedIn;
    this.#receipts = setInterval(() => this.#acknowledge(), RECEIPT_INTERVAL_MS);
  }

  send(to: number, content: string): void {
    const echo = ++this.#echo;
    this.#socket?.send(
      `{"action":"message.chat","seq":${echo},"data":{"cliMid":"${Date.now().toString(36)}-${this.#options.account.uid}-${echo}","to":"${to}","type":1,"content":"${content}"}}`,
    );
  }

  close(): Promise<void> {
    clearInterval(this.#receipts);
    this.#socket?.removeAllListeners('close').terminate();
    return Promise.resolve();
  }

  #read(text: string): void {
    // A generator that narrowed every field would measure itself: the frames come from our own server.
    const frame = JSON.parse(text) as Frame;
    switch (frame.action) {
      case 'ack.message':
        this.#events.stored();
        break;
      case 'message.chat':
        if (frame.data.from === String(this.#options.account.uid)) break;
        this.#heardSeq = Math.max(this.#heardSeq, frame.data.seq);
        this.#events.heard(frame.data);
        break;
      case 'notify.success':
        this.#signedIn?.();
        break;
      case 'message.failed.send':
      case 'notify.error':
        this.#events.failed(text);
        break;
    }
  }

  #acknowledge(): void {
    if (this.#heardSeq === this.#ackedSeq) return;
    const data = {
      conv: this.#options.known.conv,
      from: this.#ackedSeq + 1,
      to: this.#heardSeq,
      state: 'received',
    };
    this.#ackedSeq = this.#heardSeq;
    this.#socket?.send(JSON.stringify({ action: 'ack.request', seq: 0, data }));
  }
}
