/**
 * The operator's way to the running server: a Unix socket in the data folder, which its owner alone can open.
 * Carries requests; what they mean is the operator's (im/api/operator.ts).
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { imError, toCodedError } from '../../im/errors.js';
import type { Logger } from '../../pkg/log/logger.js';
import { decodeRequest, encodeAnswer, encodeFailure, type AdminRequest } from './admin_request.js';

export interface AdminDoorDeps {
  /** Throws CodedError. */
  readonly handle: (request: AdminRequest) => Promise<unknown>;
  readonly logger: Logger;
}

/** What the name of a Unix socket may have, with its end: a longer one is cut by the system. */
export const SOCKET_PATH_BYTES = 107;

const CONNECTION_LIMIT = 8;
const LINE_BYTES = 4096;
const IDLE_MS = 10_000;
const OWNER_ONLY = 0o600;

export class AdminDoor {
  /** As a part of the process. */
  readonly name = 'admin door';
  readonly #path: string;
  readonly #deps: AdminDoorDeps;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(path: string, deps: AdminDoorDeps) {
    this.#path = path;
    this.#deps = deps;
    this.#server = createServer((socket) => this.#opened(socket));
    this.#server.maxConnections = CONNECTION_LIMIT;
  }

  /** The folder is locked: a socket that lies there is one of a server that was killed. */
  async start(): Promise<void> {
    if (Buffer.byteLength(this.#path) > SOCKET_PATH_BYTES) {
      const fields = { path: this.#path, limitBytes: SOCKET_PATH_BYTES };
      this.#deps.logger.warn(fields, 'no admin door: the name of the data folder is too long for one');
      return;
    }
    rmSync(this.#path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#path, () => {
        this.#server.removeListener('error', reject);
        resolve();
      });
    });
    chmodSync(this.#path, OWNER_ONLY);
  }

  /** Cuts who is connected: the commands report it. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #opened(socket: Socket): void {
    this.#sockets.add(socket);
    let read = '';
    socket.setEncoding('utf8').setTimeout(IDLE_MS, () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
    // Whoever goes away in the middle has made up his mind.
    socket.on('error', () => socket.destroy());
    socket.on('data', (text) => {
      read += String(text);
      const end = read.indexOf('\n');
      if (end === -1 && read.length <= LINE_BYTES) return;
      // One request a connection: that needs no queue.
      socket.removeAllListeners('data');
      void this.#answer(end === -1 ? undefined : read.slice(0, end)).then((line) => socket.end(line));
    });
  }

  /** Never rejects. */
  async #answer(line: string | undefined): Promise<string> {
    try {
      if (line === undefined) throw imError('BODY_TOO_LARGE');
      return encodeAnswer((await this.#deps.handle(decodeRequest(line))) ?? null);
    } catch (error) {
      const coded = toCodedError(error);
      if (coded !== error) this.#deps.logger.error({ err: coded.cause }, 'a command of the operator failed');
      return encodeFailure(coded);
    }
  }
}
