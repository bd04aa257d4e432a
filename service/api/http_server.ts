/**
 * The HTTP face of the api room: the operation table under one prefix, and the health routes. Carries calls and
 * answers; what they mean is in im/api.
 */
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import type { Api, Caller, TokenChecker } from '../../im/api/interface.js';
import { OPERATIONS } from '../../im/api/operations.js';
import type { Operation } from '../../im/api/operation.js';
import { ERRORS, imError, isError, toCodedError } from '../../im/errors.js';
import { rateClassOf } from '../../im/message/api_class.js';
import type { RateLimits } from '../../im/limits/interface.js';
import { integer, text, type OptionsOf } from '../../pkg/config/option.js';
import type { CodedError } from '../../pkg/errors/coded_error.js';
import type { Logger } from '../../pkg/log/logger.js';
import { PeerCap } from '../../pkg/limit/peer_cap.js';
import { placeOf, type ProxyTrust } from '../../pkg/limit/proxy_trust.js';
import type { Certificate } from '../../pkg/tls/certificate.js';
import { createListener } from '../../pkg/tls/listener.js';
import { ANSWER_OPTIONS, AnswerDesk, type AnswerStats } from './answer_desk.js';
import { crossOrigin, type CrossOriginOptions } from './cross_origin.js';
import { decodeBody, textBody } from './json_body.js';
import type { Readiness } from './readiness.js';

export const HTTP_OPTIONS = {
  prefix: text('/api', 'Path under which the operations lie.'),
  bodyBytes: integer(65_536, 'bytes', { min: 1024, max: 16 << 20 }, 'Largest request body.'),
  bodyDepth: integer(16, 'levels', { min: 2, max: 1000 }, 'Nesting of a body.'),
  bodyKeys: integer(512, 'count', { min: 16, max: 100_000 }, 'Keys of a body, over all levels.'),
  requestMs: integer(
    30_000,
    'ms',
    { min: 100, max: 600_000 },
    'What a client is given to send a request, and between two packets.',
  ),
  keepAliveMs: integer(
    10_000,
    'ms',
    { min: 0, max: 600_000 },
    'How long an idle connection is kept for the next one.',
  ),
  httpConnectionCount: integer(
    10_000,
    'count',
    { min: 1, max: 1_000_000 },
    'HTTP connections at once; more are closed.',
  ),
  addressHttpConnectionCount: integer(
    2000,
    'count',
    { min: 1, max: 1_000_000 },
    'Of them those of one address (IPv6: of its /64), trusted proxies aside; more are closed.',
  ),
  ...ANSWER_OPTIONS,
} as const;

export type HttpServerOptions = OptionsOf<typeof HTTP_OPTIONS> &
  CrossOriginOptions & {
    readonly host: string;
    /** 0: any free port. */
    readonly port: number;
  };

export interface HttpServerDeps {
  readonly api: Api;
  readonly checker: TokenChecker;
  readonly readiness: Readiness;
  readonly rates: Pick<RateLimits, 'takeAddress' | 'takeUser'>;
  readonly trust: ProxyTrust;
  /** Undefined: no TLS. */
  readonly certificate: Certificate | undefined;
  /** What GET /metrics answers; without it there is no such route. */
  readonly metrics?: { answer(request: PageRequest): Promise<Page | undefined> };
  readonly logger: Logger;
}

interface PageRequest {
  readonly remoteAddress: string;
  readonly headers: IncomingHttpHeaders;
}

interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** How often Node looks for requests that take too long. */
const CHECK_MS = 5000;

/** Everything else that goes wrong is said in the envelope, with HTTP 200: clients read `Code`. */
const STATUS: readonly (readonly [keyof typeof ERRORS, number])[] = [
  ['NO_SUCH_ROUTE', 404],
  ['BODY_TOO_LARGE', 413],
  ['TOO_BUSY', 429],
  ['QUEUE_FULL', 429],
  ['RATE_LIMITED', 429],
  ['TOO_MANY_ATTEMPTS', 429],
  ['INTERNAL', 500],
  ['STORE_FULL', 503],
  ['STORE_READ_ONLY', 503],
  ['STORE_UNAVAILABLE', 503],
  ['SHUTTING_DOWN', 503],
];

export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #deps: HttpServerDeps;
  readonly #server: Server;
  readonly #peers: PeerCap;
  readonly #answers: AnswerDesk;

  constructor(options: HttpServerOptions, deps: HttpServerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#answers = new AnswerDesk(options);
    const { requestMs, keepAliveMs } = options;
    this.#server = createListener(
      {
        requestTimeout: requestMs,
        headersTimeout: requestMs,
        keepAliveTimeout: keepAliveMs,
        connectionsCheckingInterval: Math.min(requestMs, CHECK_MS),
      },
      deps.certificate,
      this.#application(),
    );
    this.#peers = new PeerCap(options.addressHttpConnectionCount, deps.trust);
    this.#peers.guard(this.#server);
    // Nothing either way for so long: also a client that does not read its answer, which would stay in memory.
    this.#server.timeout = requestMs;
    this.#server.maxConnections = options.httpConnectionCount;
  }

  /** Rejects with the system's error where it cannot listen. */
  async start(): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.removeListener('error', reject);
        resolve();
      });
    });
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    if (address === null || typeof address === 'string') throw new TypeError('not listening on a port');
    return address.port;
  }

  /** Connections cut since the start because their address had too many. */
  get refusedPeerCount(): number {
    return this.#peers.refusedCount;
  }

  answers(): AnswerStats {
    return this.#answers.stats();
  }

  /** Takes no new request, answers those under way, and cuts what is left after `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), deadlineMs);
    await closed;
    clearTimeout(timer);
  }

  #application(): Express {
    const app = express();
    app.disable('x-powered-by');
    app.disable('etag');
    app.get('/livez', (_request, response) => this.#answer(response, 200, { ok: true }));
    app.get('/readyz', (_request, response) => this.#ready(response));
    app.get('/metrics', (request, response, next) => this.#page(request, response).catch(next));
    app.use(this.#options.prefix, crossOrigin(this.#options), this.#pace);
    const body = textBody(this.#options.bodyBytes);
    for (const operation of OPERATIONS) {
      const path = `${this.#options.prefix}/${operation.path}`;
      if (operation.method === 'GET') app.get(path, this.#handler(operation));
      else app.post(path, body, this.#handler(operation));
      if (operation.alsoGet) app.get(path, this.#handler(operation));
    }
    app.use((_request, response) => this.#refuse(response, imError('NO_SUCH_ROUTE')));
    app.use(this.#onError);
    return app;
  }

  #handler(operation: Operation): RequestHandler {
    const { path, answer: size } = operation;
    const rateClass = rateClassOf(`api.${path.replaceAll('/', '.')}`, size);
    return async (request, response) => {
      const caller = await this.#caller(operation, request, response);
      if (caller === 'refused') return;
      const waitMs = caller === undefined ? 0 : this.#deps.rates.takeUser(caller.uid, rateClass);
      if (waitMs > 0) {
        this.#refuse(response, tooFast(waitMs));
        return;
      }
      const { bodyDepth: depth, bodyKeys: keys } = this.#options;
      let input: unknown;
      try {
        input = decodeBody(request.body, { depth, keys });
      } catch (error) {
        this.#refuse(response, toCodedError(error), 400);
        return;
      }
      const origin = this.#deps.trust.ofRequest(request);
      const call = { operation: path, input, caller, host: placeOf(origin), address: origin.address };
      const make = async (): Promise<unknown> => {
        const data = await this.#deps.api.call(call);
        this.#beforeAnswer(response);
        return data ?? '';
      };
      await this.#answers.serve(request, response, { uid: caller?.uid, size, make });
    };
  }

  /** Before the body is read. */
  readonly #pace: RequestHandler = (request, response, next) => {
    const { rates, trust } = this.#deps;
    const waitMs = rates.takeAddress(trust.ofRequest(request).address);
    if (waitMs === 0) next();
    else this.#refuse(response, tooFast(waitMs));
  };

  async #caller(
    operation: Operation,
    request: Request,
    response: Response,
  ): Promise<Caller | undefined | 'refused'> {
    if (operation.access === 'public') return undefined;
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const { checker } = this.#deps;
    try {
      return await (operation.access === 'genuine' ? checker.genuine(token) : checker.check(token));
    } catch (error) {
      if (!isError(error, 'UNAUTHENTICATED')) throw error;
      this.#refuse(response, error, 401);
      return 'refused';
    }
  }

  async #page(request: Request, response: Response): Promise<void> {
    const { address: remoteAddress } = this.#deps.trust.ofRequest(request);
    const page = await this.#deps.metrics?.answer({ remoteAddress, headers: request.headers });
    if (page === undefined) {
      this.#refuse(response, imError('NO_SUCH_ROUTE'));
      return;
    }
    const { status, contentType, body } = page;
    response.status(status).set('cache-control', 'no-store').set('content-type', contentType).end(body);
  }

  async #ready(response: Response): Promise<void> {
    try {
      await this.#deps.readiness.check();
      this.#answer(response, 200, { ok: true });
    } catch (error) {
      const { code, message } = toCodedError(error);
      this.#deps.logger.warn({ err: error }, 'not ready');
      this.#answer(response, 503, { ok: false, code, message });
    }
  }

  /** Four parameters, or express does not take it for an error handler. */
  readonly #onError: ErrorRequestHandler = (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    if (isTooLarge(error)) {
      this.#refuse(response, imError('BODY_TOO_LARGE'));
      return;
    }
    // What the body reader says of a broken request is the client's business.
    if (isClientFault(error)) {
      this.#refuse(response, imError('INVALID_PARAMETER'), 400);
      return;
    }
    const coded = toCodedError(error);
    if (isError(coded, 'INTERNAL'))
      this.#deps.logger.error({ err: coded.cause ?? coded, path: request.path }, 'a request failed');
    this.#refuse(response, coded);
  };

  #refuse(response: Response, error: CodedError, status = statusOf(error)): void {
    const { code, message, retryAfterMs } = error;
    if (retryAfterMs !== undefined) response.setHeader('retry-after', Math.ceil(retryAfterMs / 1000));
    const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
    // Not a text: the public Java SDK reads Data into the type that success has, and would not get to the code.
    this.#answer(response, status, { Code: code, Msg: message, Data: null, ...retry });
  }

  #answer(response: Response, status: number, body: object): void {
    this.#beforeAnswer(response);
    response.status(status).set('cache-control', 'no-store').json(body);
  }

  #beforeAnswer(response: Response): void {
    // Closing would wait until the client lets go of a connection that has just been used.
    if (!this.#server.listening) response.set('connection', 'close');
  }
}

function tooFast(retryAfterMs: number): CodedError {
  return imError('RATE_LIMITED', undefined, { retryAfterMs });
}

function statusOf({ code }: CodedError): number {
  return STATUS.find(([name]) => ERRORS[name].code === code)?.[1] ?? 200;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'entity.too.large';
}

function isClientFault(error: unknown): boolean {
  return (
    error instanceof Error && 'status' in error && typeof error.status === 'number' && error.status < 500
  );
}
