/**
 * Malformed frames over a bounded number of real connections: strangers and signed-in clients of every dialect,
 * each connection ending with a request that must still be answered, or with bytes that break the framing.
 */
import { FuzzSocket } from './fuzz_socket.js';
import { Mutator } from './mutator.js';
import type { Random } from './random.js';
import {
  apiRequests,
  chatRequests,
  envelopeOf,
  pickRequest,
  type Speaker,
  type Wording,
} from './valid_frames.js';
import { breakingFrame, oddFrame, textFrame } from './wire_frames.js';

export interface StormOptions {
  readonly wsUrl: string;
  readonly frameCount: number;
  /** Connections at once. */
  readonly socketCount: number;
  /** The server's own limit. */
  readonly frameBytes: number;
  /** Used in turn; a fuzzed logout costs one of them. */
  readonly speakers: readonly Speaker[];
}

export interface StormResult {
  readonly frames: number;
  readonly connections: number;
  readonly signedIn: number;
  /** By close code, 0 for cut; connections that we ended ourselves are not here. */
  readonly closes: ReadonlyMap<number, number>;
  /** Connections that answered a valid request after all that. */
  readonly survived: number;
  /** Answers that blame the server. */
  readonly faults: readonly string[];
}

interface Dialect {
  readonly name: string;
  readonly wording: Wording;
  /** Undefined for a stranger. */
  readonly signIn: ((speaker: Speaker) => { readonly action: string; readonly data: object }) | undefined;
}

const DIALECTS: readonly Dialect[] = [
  { name: 'stranger', wording: 'web', signIn: undefined },
  { name: 'stranger', wording: 'legacy', signIn: undefined },
  {
    name: 'legacy',
    wording: 'legacy',
    signIn: ({ token }) => ({ action: 'api.user.auth', data: { token, device: 1 } }),
  },
  {
    name: 'web',
    wording: 'web',
    signIn: ({ token }) => ({ action: 'authenticate', data: { version: 1, credential: token } }),
  },
  {
    name: 'modern',
    wording: 'web',
    signIn: ({ token }) => ({ action: 'authenticate', data: { v: 1, caps: ['interval'], token } }),
  },
];

const FRAMES_PER_SOCKET = 80;
/** Of connections: how many end with broken framing, and of frames: how many are no ordinary text frame. */
const BREAKING_SHARE = 0.4;
const ODD_SHARE = 0.05;
/** No fuzzed text has this number: it is the number of our own requests. */
const MARKER_SEQ = 8_007_199_254_740_993;
const CLOSE_LIMIT_MS = 20_000;

export class FrameStorm {
  readonly #options: StormOptions;
  readonly #random: Random;
  readonly #mutator: Mutator;
  readonly #closes = new Map<number, number>();
  readonly #faults: string[] = [];
  #sent = 0;
  #connections = 0;
  #signedIn = 0;
  #survived = 0;

  constructor(options: StormOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#mutator = new Mutator(random, { maxBytes: options.frameBytes });
  }

  async run(): Promise<StormResult> {
    const work = async (): Promise<void> => {
      while (this.#sent < this.#options.frameCount) await this.#connection();
    };
    await Promise.all(Array.from({ length: this.#options.socketCount }, work));
    return {
      frames: this.#sent,
      connections: this.#connections,
      signedIn: this.#signedIn,
      closes: this.#closes,
      survived: this.#survived,
      faults: this.#faults,
    };
  }

  async #connection(): Promise<void> {
    const { speakers, wsUrl } = this.#options;
    const speaker = speakers[this.#connections++ % speakers.length];
    if (speaker === undefined) throw new RangeError('no speakers');
    const dialect = this.#random.pick(DIALECTS);
    const socket = await FuzzSocket.connect(wsUrl);
    try {
      if (dialect.signIn !== undefined && !(await this.#signIn(socket, dialect, speaker))) return;
      await this.#talk(socket, dialect, speaker);
      await this.#end(socket, dialect.wording);
    } finally {
      if (socket.closeCode !== undefined)
        this.#closes.set(socket.closeCode, (this.#closes.get(socket.closeCode) ?? 0) + 1);
      this.#faults.push(...socket.faults);
      socket.destroy();
    }
  }

  async #signIn(socket: FuzzSocket, { signIn, wording }: Dialect, speaker: Speaker): Promise<boolean> {
    const { action, data } = signIn?.(speaker) ?? { action: '', data: {} };
    const envelope = envelopeOf({ action, data: { ...data } }, MARKER_SEQ, wording);
    const answer = await socket.ask(JSON.stringify(envelope), MARKER_SEQ);
    const isIn = answer?.includes('.success') ?? false;
    if (isIn) this.#signedIn++;
    return isIn;
  }

  /** Several frames a write, as a flood comes. */
  async #talk(socket: FuzzSocket, dialect: Dialect, speaker: Speaker): Promise<void> {
    const random = this.#random;
    const requests = [chatRequests(speaker, random), apiRequests(speaker)];
    let left = 1 + random.below(FRAMES_PER_SOCKET * 2);
    while (left > 0) {
      const count = Math.min(left, 1 + random.below(20));
      left -= count;
      const frames = Array.from({ length: count }, () => {
        const request = pickRequest(random.pick(requests), random);
        const text = this.#mutator.malformed(envelopeOf(request, random.below(1000), dialect.wording));
        const payload = Buffer.from(text);
        return random.chance(ODD_SHARE) ? oddFrame(payload, random) : textFrame(payload);
      });
      this.#sent += count;
      if (!(await socket.send(Buffer.concat(frames)))) return;
    }
  }

  async #end(socket: FuzzSocket, wording: Wording): Promise<void> {
    const random = this.#random;
    if (random.chance(BREAKING_SHARE)) {
      this.#sent++;
      const payload = Buffer.from('{"action":"heartbeat","data":{}}');
      await socket.send(breakingFrame(payload, random, this.#options.frameBytes));
      if (random.chance(0.5)) return;
      socket.endWriting();
      return socket.closed(CLOSE_LIMIT_MS);
    }
    const request = envelopeOf({ action: 'api.app.info', data: {} }, MARKER_SEQ, wording);
    const answer = await socket.ask(JSON.stringify(request), MARKER_SEQ);
    if (answer !== undefined) this.#survived++;
  }
}
