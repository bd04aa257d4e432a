/** The server under measurement: the real process on core 0, on its own copy of the preloaded data. */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { TestServer, type Scope } from '../test/support/server.js';
import { SEED_ENV } from '../test/support/seed.js';
import { waitUntil } from '../test/support/wait.js';
import type { Dataset } from './dataset.js';
import { cpuTime } from '../test/support/proc_stat.js';
import { packageRoot } from './results.js';

export const SERVER_CORE = 0;
/** A closed loop is one user who never rests: the limits are looked at as always, and are never reached. */
const UNHURRIED = Object.fromEntries(
  ['message', 'receipt', 'api', 'auth', 'connection', 'address'].flatMap((name) =>
    ['per-second', 'burst'].map((part) => [`limits-${name}-${part}`, 10_000_000] as const),
  ),
);
/** All clients have one address, and many sockets are opened before any of them signs in. */
const OF_ONE_ADDRESS = {
  'gateway-address-stranger-count': 100_000,
  'gateway-stranger-count': 100_000,
  'attempts-password-address-count': 1_000_000,
  'api-stranger-address-count': 1_000_000,
};
export const GENERATOR_CORE = 1;

const PROBE = new URL('./loop_delay_probe.js', import.meta.url).href;

/** Sockets of the idle measure, with room for files; the default of many systems is 1024. */
const OPEN_FILES = 20_000;

export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Cleans up in reverse order, as node:test's `after` would. */
export class BenchScope implements Scope {
  readonly #cleanUps: (() => Promise<void>)[] = [];

  after(cleanUp: () => Promise<void>): void {
    this.#cleanUps.push(cleanUp);
  }

  async end(): Promise<void> {
    for (let cleanUp = this.#cleanUps.pop(); cleanUp !== undefined; cleanUp = this.#cleanUps.pop())
      await cleanUp();
  }
}

export interface BenchServerOptions {
  readonly dataset?: Dataset;
  readonly profileDir?: string | undefined;
  readonly prepare?: (dataDir: string) => Promise<void>;
  /** Costs the server a timer per millisecond, so only where that is the question. */
  readonly measuresLoopDelay?: boolean;
  readonly flags?: Readonly<Record<string, string>>;
}

export class BenchServer {
  readonly server: TestServer;
  readonly #delayFile: string;

  private constructor(server: TestServer, delayFile: string) {
    this.server = server;
    this.#delayFile = delayFile;
  }

  /** `prepare` is called with the data folder before the server has it. */
  static async start(
    scope: Scope,
    { dataset, profileDir, prepare, measuresLoopDelay = false, flags = {} }: BenchServerOptions = {},
  ): Promise<BenchServer> {
    const folder = await mkdtemp(join(tmpdir(), 'sailplane-bench-run-'));
    scope.after(() => rm(folder, { recursive: true, force: true }));
    const dataDir = join(folder, 'data');
    if (dataset !== undefined) await cp(dataset.dataDir, dataDir, { recursive: true });
    else if (prepare !== undefined) await mkdir(dataDir);
    const delayFile = join(folder, 'loop_delay.json');
    const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
    const server = await TestServer.start(scope, {
      dataDir,
      wrapper: ['prlimit', `--nofile=${OPEN_FILES}`, 'taskset', '-c', String(SERVER_CORE)],
      nodeArgs: [...(await startFlags()), ...(measuresLoopDelay ? ['--import', PROBE] : []), ...profile],
      ...(prepare !== undefined && { prepare }),
      env: { ...SEED_ENV, LOOP_DELAY_FILE: delayFile },
      flags: { 'log-level': 'warn', ...UNHURRIED, ...OF_ONE_ADDRESS, ...flags },
    });
    return new BenchServer(server, delayFile);
  }

  get wsUrl(): string {
    return this.server.urls.ws;
  }

  get pid(): number {
    return this.server.pid;
  }

  /** CPU time so far, user and system together. */
  async cpuMs(): Promise<number> {
    const { userMs, systemMs } = await cpuTime(this.pid);
    return userMs + systemMs;
  }

  /** Event-loop delay since the last call (or the start), of a server started with measuresLoopDelay. */
  async loopDelay(): Promise<LoopDelay> {
    await rm(this.#delayFile, { force: true });
    process.kill(this.pid, 'SIGUSR2');
    const text = await waitUntil('the probe to answer', () =>
      readFile(this.#delayFile, 'utf8').catch(() => undefined),
    );
    return JSON.parse(text) as LoopDelay;
  }
}

/** What `npm start` gives node itself: the bench runs what users run. */
async function startFlags(): Promise<readonly string[]> {
  const manifest = JSON.parse(await readFile(join(await packageRoot(), 'package.json'), 'utf8')) as {
    readonly scripts: { readonly start: string };
  };
  return manifest.scripts.start.split(' ').filter((word) => word.startsWith('--'));
}
