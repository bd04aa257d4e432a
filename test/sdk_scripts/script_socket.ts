/** One WebSocket of a protocol script: every frame of both sides as text, in order, and nothing done by itself. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { asObject, type Json } from '../support/raw_client.js';
import { deadline } from '../support/wait.js';

export interface Line {
  readonly way: 'up' | 'down';
  readonly text: string;
  readonly frame: Json;
  readonly atMs: number;
}

export interface ScriptSocketEvents {
  readonly heard: (line: Line) => void;
  readonly closed: (code: number) => void;
}

export class ScriptSocket {
  readonly lines: Line[] = [];
  readonly #socket: WebSocket;
  #closedWith: number | undefined;
  #wasOpen = false;

  private constructor(socket: WebSocket, events: ScriptSocketEvents) {
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) throw new Error('a binary frame: the SDKs ignore them or fail');
      events.heard(this.#keep('down', data.toString('utf8')));
    });
    socket.on('close', (code) => {
      this.#closedWith = code;
      if (this.#wasOpen) events.closed(code);
    });
    // A refused or reset socket is told by its close.
    socket.on('error', () => undefined);
  }

  /** `limitMs`: what this SDK gives a connection. Throws where there is none by then. */
  static async connect(
    url: string,
    headers: Readonly<Record<string, string>>,
    events: ScriptSocketEvents,
    limitMs: number,
  ): Promise<ScriptSocket> {
    const socket = new WebSocket(url, { perMessageDeflate: false, headers });
    const script = new ScriptSocket(socket, events);
    await deadline(once(socket, 'open'), limitMs, () => `no connection to ${url}`);
    script.#wasOpen = true;
    return script;
  }

  get closedWith(): number | undefined {
    return this.#closedWith;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Sends this very text. */
  send(text: string): void {
    if (!this.isOpen) return;
    this.#keep('up', text);
    this.#socket.send(text);
  }

  /** With a close frame, as both SDKs do. */
  close(): void {
    this.#socket.close(1000);
  }

  /** Without a word, as a network does. */
  cut(): void {
    this.#socket.terminate();
  }

  stopReading(): void {
    this.#socket.pause();
  }

  goOnReading(): void {
    this.#socket.resume();
  }

  #keep(way: Line['way'], text: string): Line {
    const line = { way, text, frame: asObject(JSON.parse(text)), atMs: performance.now() };
    this.lines.push(line);
    return line;
  }
}
