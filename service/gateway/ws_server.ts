/**
 * Accepts WebSockets on one path and hands their frames to the gateway. Bounds the number of sockets and the size
 * of a frame; decides nothing about what a frame says. Step 1 of the message path.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { ConnectionHandler } from '../../im/gateway/interface.js';
import { integer, list, text, type OptionsOf } from '../../pkg/config/option.js';
import type { Logger } from '../../pkg/log/logger.js';
import { PeerCap } from '../../pkg/limit/peer_cap.js';
import { placeOf, type ProxyTrust } from '../../pkg/limit/proxy_trust.js';
import type { Certificate } from '../../pkg/tls/certificate.js';
import { createListener } from '../../pkg/tls/listener.js';
import { SOCKET_CAP_OPTIONS, SocketCaps, type CapName, type SocketCapStats } from './socket_caps.js';
import { WsConnection } from './ws_connection.js';

export const WS_SERVER_OPTIONS = {
  path: text('/ws', 'Path of the WebSocket; every other path is answered 404.'),
  ...SOCKET_CAP_OPTIONS,
  origins: list(
    [],
    'Origins whose web pages may connect, as https://app.example.org; others are answered 403. Empty or * for all. ' +
      'Programs that are no web page send no origin and are not held up.',
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
  readonly trust: ProxyTrust;
  /** Undefined: no TLS. */
  readonly certificate: Certificate | undefined;
  readonly logger: Logger;
}

export interface WsServerStats extends Omit<SocketCapStats, 'refused'> {
  /** Upgrades since the start, by what refused them; `peer`: connections cut before they could ask for one. */
  readonly refused: Readonly<Record<CapName | 'strangers' | 'origin' | 'peer', number>>;
}

/** How often Node looks for upgrades that take too long. */
const CHECK_MS = 5000;
/** What a refused client is told to wait, seconds: sockets come and go all the time. */
const RETRY_SECONDS = 5;
/** What a refused client is given to take the answer and end its half. */
const REFUSED_MS = 2000;
const STATUS_OF_CAP: Readonly<Record<CapName, string>> = {
  total: '503 Service Unavailable',
  address: '429 Too Many Requests',
  addressStrangers: '429 Too Many Requests',
};

export class WsServer {
  readonly #options: WsServerOptions;
  readonly #deps: WsServerDeps;
  readonly #server: Server;
  readonly #ws: WebSocketServer;
  /** For what the library calls with the socket as `this`: one function for all instead of some per connection. */
  readonly #connections = new WeakMap<WebSocket, WsConnection>();
  #nextId = 1;
  readonly #caps: SocketCaps;
  readonly #peers: PeerCap;
  #refusedOriginCount = 0;

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
    this.#caps = new SocketCaps(options);
    this.#peers = new PeerCap(options.addressConnectionCount + options.addressStrangerCount, deps.trust);
    const { upgradeMs } = options;
    const checkMs = Math.min(upgradeMs, CHECK_MS);
    this.#server = createListener(
      { requestTimeout: upgradeMs, headersTimeout: upgradeMs, connectionsCheckingInterval: checkMs },
      deps.certificate,
      (_request, response) => {
        response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end();
      },
    );
    // Also those that never ask for an upgrade are bounded.
    this.#server.maxConnections = options.connectionCount + options.strangerCount;
    this.#peers.guard(this.#server);
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

  stats(): WsServerStats {
    const { refused, ...counts } = this.#caps.stats();
    return {
      ...counts,
      refused: { ...refused, origin: this.#refusedOriginCount, peer: this.#peers.refusedCount },
    };
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
    if (!this.#isFromAllowedPage(request)) {
      this.#refusedOriginCount++;
      return refuse(socket, '403 Forbidden');
    }
    const { address } = this.#deps.trust.ofRequest(request);
    const broken = this.#caps.refusal(address);
    if (broken !== undefined) return refuse(socket, STATUS_OF_CAP[broken], RETRY_SECONDS);
    this.#ws.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, request, socket));
  }

  #isFromAllowedPage({ headers }: IncomingMessage): boolean {
    const { origins } = this.#options;
    if (origins.length === 0 || origins.includes('*') || headers.origin === undefined) return true;
    return origins.includes(headers.origin);
  }

  #accept(ws: WebSocket, request: IncomingMessage, socket: Duplex): void {
    request.socket.setNoDelay(true);
    request.socket.setKeepAlive(true, 60_000);
    const origin = this.#deps.trust.ofRequest(request);
    const place = this.#caps.open(origin.address, () => ws.terminate());
    const connection = new WsConnection(
      {
        id: this.#nextId++,
        remoteAddress: origin.address,
        host: placeOf(origin),
        place,
      },
      ws,
      socket,
    );
    this.#connections.set(ws, connection);
    const { handler, logger } = this.#deps;
    ws.on('message', this.#onMessage);
    ws.on('ping', this.#onPing);
    ws.on('pong', this.#onPong);
    ws.on('close', (code) => {
      place.closed();
      handler.closed(connection, connection.answered(code));
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

  readonly #onPing = receiverOf((ws, data) => {
    const connection = this.#connections.get(ws);
    if (connection === undefined) return;
    if (this.#deps.handler.pinged(connection)) connection.pong(toBuffer(data));
  });

  readonly #onPong = receiverOf((ws, data) => {
    const connection = this.#connections.get(ws);
    // One that nobody asked for is paid for like a ping.
    if (connection?.ponged(toBuffer(data)) === false) this.#deps.handler.pinged(connection);
  });
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

function refuse(socket: Duplex, status: string, retrySeconds = 0): void {
  const retry = retrySeconds === 0 ? '' : `Retry-After: ${retrySeconds}\r\n`;
  // A client that keeps its own half open, or does not read, would keep the socket for ever.
  const late = setTimeout(() => socket.destroy(), REFUSED_MS);
  late.unref();
  socket.once('close', () => clearTimeout(late));
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n${retry}Content-Length: 0\r\n\r\n`);
  // Unread bytes would turn our end into a reset, and the client would not see the answer.
  socket.resume();
}
