/**
 * Accepts WebSockets on one path and hands their frames to the gateway. Bounds the number of sockets and the size
 * of a frame; decides nothing about what a frame says. Step 1 of the message path.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { ConnectionHandler } from '../../im/gateway/interface.js';
import { integer, text, type OptionsOf } from '../../pkg/config/option.js';
import type { Logger } from '../../pkg/log/logger.js';
import { WsConnection } from './ws_connection.js';

export const WS_SERVER_OPTIONS = {
  path: text('/ws', 'Path of the WebSocket; every other path is answered 404.'),
  connectionCount: integer(
    100_000,
    'count',
    { min: 1, max: 10_000_000 },
    'Sockets at once; more are answered 503.',
  ),
  backlog: integer(
    4096,
    'count',
    { min: 1, max: 65_535 },
    'Connections the kernel keeps until they are accepted: a restart brings all clients at once.',
  ),
  closeMs: integer(
    5000,
    'ms',
    { min: 100, max: 60_000 },
    'What a client is given to answer a close frame before its socket is cut.',
  ),
  upgradeMs: integer(
    10_000,
    'ms',
    { min: 100, max: 120_000 },
    'What a client is given to send its upgrade request.',
  ),
} as const;

export type WsServerOptions = OptionsOf<typeof WS_SERVER_OPTIONS> & {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly frameBytes: number;
};

export interface WsServerDeps {
  readonly handler: ConnectionHandler;
  readonly logger: Logger;
}

export class WsServer {
  readonly #options: WsServerOptions;
  readonly #deps: WsServerDeps;
  readonly #server: Server;
  readonly #ws: WebSocketServer;
  /** For what the library calls with the socket as `this`: one function for all instead of three per connection. */
  readonly #connections = new WeakMap<WebSocket, WsConnection>();
  #nextId = 1;
  #openCount = 0;

  constructor(options: WsServerOptions, deps: WsServerDeps) {
    this.#options = options;
    this.#deps = deps;
    // A variable, because the library's types do not know closeTimeout yet.
    const socketOptions = {
      noServer: true,
      maxPayload: options.frameBytes,
      perMessageDeflate: false,
      clientTracking: false,
      autoPong: false,
      closeTimeout: options.closeMs,
    };
    this.#ws = new WebSocketServer(socketOptions);
    this.#server = createServer(
      { requestTimeout: options.upgradeMs, headersTimeout: options.upgradeMs },
      (_request, response) => {
        response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end();
      },
    );
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** The port it listens on. Rejects with the system's error where it cannot. */
  async start(): Promise<number> {
    const { host, port, backlog } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog }, () => {
        this.#server.removeListener('error', reject);
        resolve();
      });
    });
    return this.#address().port;
  }

  get port(): number {
    return this.#address().port;
  }

  /** Accepts nothing more; open connections are the gateway's to close. */
  stopAccepting(): void {
    this.#server.close();
  }

  #address(): AddressInfo {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new TypeError('not listening on a port');
    return address;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const path = request.url?.split('?', 1)[0];
    if (path !== this.#options.path) return refuse(socket, '404 Not Found');
    if (this.#openCount >= this.#options.connectionCount) return refuse(socket, '503 Service Unavailable');
    this.#ws.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, request, socket));
  }

  #accept(ws: WebSocket, request: IncomingMessage, socket: Duplex): void {
    request.socket.setNoDelay(true);
    request.socket.setKeepAlive(true, 60_000);
    this.#openCount++;
    const connection = new WsConnection(
      {
        id: this.#nextId++,
        remoteAddress: request.socket.remoteAddress ?? '',
        host: request.headers.host ?? '',
      },
      ws,
      socket,
    );
    this.#connections.set(ws, connection);
    const { handler, logger } = this.#deps;
    ws.on('message', this.#onMessage);
    ws.on('ping', this.#onPing);
    ws.on('close', () => {
      this.#openCount--;
      handler.closed(connection);
    });
    // Malformed or oversized frames: the library closes with 1002, 1007 or 1009 by itself.
    ws.on('error', (error) => logger.debug({ err: error.message }, 'a WebSocket broke'));
    handler.opened(connection);
  }

  readonly #onMessage = receiverOf((ws, data) => {
    const connection = this.#connections.get(ws);
    if (connection === undefined) return;
    const bytes = toBuffer(data);
    this.#deps.handler.received(connection, bytes.toString(), bytes.length);
  });

  readonly #onPing = receiverOf((ws, data) => this.#connections.get(ws)?.pong(toBuffer(data)));
}

function receiverOf(receive: (ws: WebSocket, data: RawData) => void) {
  return function (this: WebSocket, data: RawData): void {
    receive(this, data);
  };
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
