/** Malformed request bodies over a bounded number of kept-alive connections, with good, odd and no tokens. */
import { Agent, request } from 'node:http';
import { OPERATIONS } from '../../im/api/operations.js';
import { Mutator } from './mutator.js';
import type { Random } from './random.js';
import { fieldValue, type Speaker } from './valid_frames.js';

export interface BodyStormOptions {
  /** `http://127.0.0.1:8081/api` */
  readonly httpUrl: string;
  readonly bodyCount: number;
  readonly socketCount: number;
  readonly bodyBytes: number;
  /** Used in turn; a fuzzed logout costs one of them. */
  readonly speakers: readonly Speaker[];
}

export interface BodyAnswer {
  readonly path: string;
  readonly status: number;
  readonly text: string;
}

const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=latin1',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  '',
];
const ODD_TOKENS = ['', 'null', 'a.b.c', '..', 'x'.repeat(5000), 'eyJhbGciOiJub25lIn0.e30.'];
/** Operations that hash a password are asked as rarely as this. */
const HASHING = /register|signin|password|guest/;
const HASHING_SHARE = 0.15;
const REQUEST_LIMIT_MS = 30_000;

export class BodyStorm {
  /** As called: path and method of every operation. */
  readonly paths = OPERATIONS.map(({ path }) => path);
  /** Requests whose connection ended without an answer. */
  cutCount = 0;
  readonly #options: BodyStormOptions;
  readonly #random: Random;
  readonly #mutator: Mutator;
  readonly #answers: BodyAnswer[] = [];
  #sent = 0;

  constructor(options: BodyStormOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#mutator = new Mutator(random, { maxBytes: options.bodyBytes });
  }

  async run(): Promise<readonly BodyAnswer[]> {
    const { bodyCount, socketCount } = this.#options;
    const agent = new Agent({ keepAlive: true, maxSockets: socketCount });
    const work = async (): Promise<void> => {
      while (this.#sent < bodyCount) {
        this.#sent++;
        await this.#one(agent);
      }
    };
    try {
      await Promise.all(Array.from({ length: socketCount }, work));
    } finally {
      agent.destroy();
    }
    return this.#answers;
  }

  async #one(agent: Agent): Promise<void> {
    const random = this.#random;
    const { speakers, httpUrl } = this.#options;
    const speaker = random.pick(speakers);
    const { path, method, schema } = this.#operation();
    const valid = Object.fromEntries(
      Object.keys(schema.shape).map((name) => [name, fieldValue(name, speaker)]),
    );
    const body = Buffer.from(this.#mutator.malformed(valid));
    const type = random.chance(0.8) ? 'application/json' : random.pick(CONTENT_TYPES);
    const token = random.chance(0.8) ? speaker.token : random.pick(ODD_TOKENS);
    const headers = {
      ...(type !== '' && { 'content-type': type }),
      ...(token !== '' && { authorization: random.chance(0.95) ? `Bearer ${token}` : token }),
      ...(random.chance(0.02) && { 'content-encoding': random.pick(['gzip', 'br', 'identity', 'none']) }),
      'content-length': body.length,
    };
    const answer = await ask(agent, new URL(`${httpUrl}/${path}`), method, headers, body);
    if (answer === undefined) this.cutCount++;
    else this.#answers.push({ path, ...answer });
  }

  #operation(): (typeof OPERATIONS)[number] {
    for (;;) {
      const operation = this.#random.pick(OPERATIONS);
      if (!HASHING.test(operation.path) || this.#random.chance(HASHING_SHARE)) return operation;
    }
  }
}

/** Undefined where the connection ended first; throws where nothing comes in time. */
function ask(
  agent: Agent,
  url: URL,
  method: string,
  headers: Readonly<Record<string, string | number>>,
  body: Buffer,
): Promise<Omit<BodyAnswer, 'path'> | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method, headers, timeout: REQUEST_LIMIT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', () => resolve(undefined));
    });
    outgoing.on('timeout', () => reject(new Error(`no answer from ${url.pathname}`)));
    outgoing.on('error', () => resolve(undefined));
    outgoing.end(body);
  });
}
