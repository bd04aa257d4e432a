/**
 * A scripted client over a bare WebSocket: says exactly the frames that the two public SDKs say, keeps every
 * frame it hears as text, and does nothing by itself. For tests of casing, id types, units and odd behaviour.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { deadline, waitUntil } from './wait.js';

export type Json = Readonly<Record<string, unknown>>;

/** One inbound frame: the text as it came, and what it says. */
export interface HeardFrame {
  readonly text: string;
  readonly action: string;
  readonly seq: unknown;
  readonly data: unknown;
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

const CONNECT_DEADLINE_MS = 5000;

export interface RawMessage {
  readonly from: number;
  readonly to: number;
  readonly content: string;
  /** From `msg/id`; the web SDK sends 0. */
  readonly mid: number;
  /** The legacy SDK has none and sends only the mid. */
  readonly clientId: string;
  readonly atMs: number;
  /** Of `session/ticket`; only the web SDK sends one. */
  readonly ticket?: string;
  readonly type?: number;
}

/** How one public SDK words a frame; every string given here is the exact text that goes out. */
export interface Wording {
  readonly name: 'legacy' | 'web';
  envelope(action: string, seq: number, data: unknown): string;
  /** `action` defaults to message.chat. */
  chat(message: RawMessage, seq: number, action?: string): string;
  /** The receipt for a 1:1 message, under the action that this SDK really uses for it. */
  receipt(mid: number, from: number, seq: number): string;
  /** Reads back the wording's own envelope keys, exactly cased. */
  read(frame: Json): Omit<HeardFrame, 'text'>;
}

/** The Java SDK: PascalCase, a stray `Origin`, version 1. */
export const LEGACY: Wording = {
  name: 'legacy',
  envelope: (action, seq, data) =>
    JSON.stringify({ Ver: 1, Action: action, Seq: seq, Data: data, Origin: null }),
  chat: ({ from, to, content, mid, atMs, type = 1 }, _seq, action = 'message.chat') =>
    LEGACY.envelope(action, 0, {
      Mid: mid,
      CSeq: 0,
      From: from,
      To: to,
      Type: type,
      Content: content,
      CTime: Math.floor(atMs / 1000),
      Status: 0,
    }),
  receipt: (mid, from) => LEGACY.envelope('ack.group.msg', 0, { Mid: mid, From: from, Seq: 0 }),
  read: (frame) => ({ action: String(frame['Action']), seq: frame['Seq'], data: frame['Data'] }),
};

/** The TypeScript SDK: camelCase, `extra`, and for messages `to` and `ticket` in the envelope. */
export const WEB: Wording = {
  name: 'web',
  envelope: (action, seq, data) => JSON.stringify({ action, data, seq, to: null, extra: null }),
  chat: ({ from, to, content, clientId, atMs, type = 1, ticket }, seq, action = 'message.chat') =>
    JSON.stringify({
      action,
      data: {
        cliMid: clientId,
        content,
        from: String(from),
        mid: 0,
        sendAt: atMs,
        seq: 0,
        to: String(to),
        type,
        status: 0,
      },
      seq,
      to: String(to),
      extra: null,
      ticket,
    }),
  receipt: (mid, from, seq) =>
    JSON.stringify({
      action: 'ack.request',
      data: { mid, from: String(from) },
      seq,
      to: String(from),
      extra: null,
    }),
  read: (frame) => ({ action: String(frame['action']), seq: frame['seq'], data: frame['data'] }),
};

export class RawClient {
  readonly wording: Wording;
  readonly frames: HeardFrame[] = [];
  readonly #socket: WebSocket;
  #closed: Closed | undefined;
  #seq = 0;

  private constructor(wording: Wording, socket: WebSocket) {
    this.wording = wording;
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) throw new Error('a binary frame came to a text client');
      this.frames.push(this.#parse(data.toString('utf8')));
    });
    socket.on('close', (code, reason) => (this.#closed = { code, reason: reason.toString('utf8') }));
    // A refused or reset socket is told by its close; without a listener the error would end the test run.
    socket.on('error', () => undefined);
  }

  static async connect(url: string, wording: Wording): Promise<RawClient> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const client = new RawClient(wording, socket);
    await deadline(once(socket, 'open'), CONNECT_DEADLINE_MS, () => `no connection to ${url}`);
    return client;
  }

  get closed(): Closed | undefined {
    return this.#closed;
  }

  /** Frames of one action, in the order in which they came. */
  heard(action: string): readonly HeardFrame[] {
    return this.frames.filter((frame) => frame.action === action);
  }

  /** Sends this very text. */
  sendText(text: string): void {
    this.#socket.send(text);
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes, { binary: true });
  }

  /** Says `action` with `data`; `seq` as given, 0 where the SDK sends none. */
  say(action: string, data: unknown, seq = 0): void {
    this.sendText(this.wording.envelope(action, seq, data));
  }

  /** Sends a message as this SDK does; `action` defaults to message.chat. */
  chat(message: RawMessage, action?: string): void {
    this.sendText(this.wording.chat(message, ++this.#seq, action));
  }

  /** Confirms a 1:1 message as this SDK does. */
  receipt(mid: number, from: number): void {
    this.sendText(this.wording.receipt(mid, from, ++this.#seq));
  }

  /** Says it under the next seq and waits for the answer with that seq. */
  async ask(action: string, data: unknown): Promise<HeardFrame> {
    const seq = ++this.#seq;
    this.say(action, data, seq);
    return waitUntil(
      () => `an answer to ${action}; heard ${this.#summary()}`,
      () =>
        this.frames.find(
          (frame) => frame.seq === seq && /\.(success|failed|error|forbidden)$/.test(frame.action),
        ),
    );
  }

  /** As the SDK of this wording signs in; throws unless it is answered with success. */
  async signIn(token: string): Promise<HeardFrame> {
    const answer =
      this.wording.name === 'legacy'
        ? await this.ask('api.user.auth', { Token: token, Device: 1 })
        : await this.ask('authenticate', { version: 1, credential: token });
    if (!answer.action.endsWith('.success')) throw new Error(`not signed in: ${answer.text}`);
    return answer;
  }

  /** The first frame of `action` that `fits`, now or later. */
  async expect(
    action: string,
    fits: (data: Json) => boolean = () => true,
    limitMs?: number,
  ): Promise<HeardFrame> {
    return waitUntil(
      () => `${action} to ${this.wording.name} client; heard ${this.#summary()}`,
      () => this.heard(action).find((frame) => fits(asObject(frame.data))),
      limitMs,
    );
  }

  /** The same, told by the socket's event instead of by looking: for measuring. */
  async expectNext(action: string, fits: (data: Json) => boolean): Promise<HeardFrame> {
    return deadline(
      new Promise<HeardFrame>((resolve) => {
        const look = (): void => {
          const frame = this.heard(action).find(({ data }) => fits(asObject(data)));
          if (frame === undefined) return;
          this.#socket.off('message', look);
          resolve(frame);
        };
        this.#socket.on('message', look);
        look();
      }),
      CONNECT_DEADLINE_MS,
      () => `no ${action}; heard ${this.#summary()}`,
    );
  }

  async expectClose(limitMs?: number): Promise<Closed> {
    return waitUntil(
      () => `the socket to be closed; heard ${this.#summary()}`,
      () => this.#closed,
      limitMs,
    );
  }

  /** Stops and starts taking bytes off the socket, as a hung process would. */
  stopReading(): void {
    this.#socket.pause();
  }

  goOnReading(): void {
    this.#socket.resume();
  }

  /** Closes as an SDK does. */
  async close(): Promise<void> {
    if (this.#closed !== undefined) return;
    this.#socket.close(1000);
    await this.expectClose();
  }

  /** Cuts the connection without a word. */
  terminate(): void {
    this.#socket.terminate();
  }

  #parse(text: string): HeardFrame {
    const frame: unknown = JSON.parse(text);
    return { text, ...this.wording.read(asObject(frame)) };
  }

  #summary(): string {
    return this.frames.map(({ text }) => text.slice(0, 200)).join(' ') || 'nothing';
  }
}

/** `value` where it is an object, otherwise an empty one: for looking at fields that a test expects. */
export function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
