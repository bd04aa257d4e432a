/**
 * The real server as a child process, for tests: started from the same compiled folder as this file, on a
 * temporary data folder and free ports, killed and restarted at will. Knows nothing of chat: see chat.ts.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { deadline } from './wait.js';

const MAIN = fileURLToPath(new URL('../../cmd/singleton/main.js', import.meta.url));

const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 20_000;
/** Of standard error, kept for failure reports: the newest lines. */
const KEPT_LINES = 200;

export interface ServerOptions {
  /** Options of the server by name, without the dashes: `{ 'log-level': 'debug' }`. */
  readonly flags?: Readonly<Record<string, string | number | boolean>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of node itself, before the program. */
  readonly nodeArgs?: readonly string[];
  /** A command that runs the server and keeps its process id: `taskset -c 0`, `strace -D …`. */
  readonly wrapper?: readonly string[];
  /** Absent: a temporary folder, removed by `stop`. */
  readonly dataDir?: string;
  /** Called with the data folder before the first start: the place to seed users. */
  readonly prepare?: (dataDir: string) => Promise<void>;
}

export interface Urls {
  /** `http://127.0.0.1:8081/api` */
  readonly http: string;
  /** `ws://127.0.0.1:8080/ws` */
  readonly ws: string;
}

/** Anything with node:test's `after`, so that a server ends with its test. */
export interface Scope {
  after(cleanUp: () => Promise<void>): void;
}

export class TestServer {
  readonly dataDir: string;
  readonly #options: ServerOptions;
  readonly #ownsFolder: boolean;
  readonly #lines: string[] = [];
  #child: ChildProcess | undefined;
  #urls: Urls | undefined;
  #readyAfterMs = NaN;

  private constructor(options: ServerOptions, dataDir: string) {
    this.dataDir = dataDir;
    this.#options = options;
    this.#ownsFolder = options.dataDir === undefined;
  }

  /** Resolves once the server says that it serves; it is stopped when `scope` ends. */
  static async start(scope: Scope, options: ServerOptions = {}): Promise<TestServer> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'sailplane-test-')));
    const server = new TestServer(options, dataDir);
    scope.after(() => server.stop());
    await options.prepare?.(dataDir);
    await server.#launch();
    return server;
  }

  get urls(): Urls {
    if (this.#urls === undefined) throw new Error('the server was never ready');
    return this.#urls;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the server is not running');
    return pid;
  }

  /** From the start of the process to its ready line. */
  get readyAfterMs(): number {
    return this.#readyAfterMs;
  }

  /** What it logged last, for failure reports. */
  get log(): string {
    return this.#lines.join('\n');
  }

  /** Ends this server's process, and only that, and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exit = once(child, 'exit');
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await deadline(exit, STOP_DEADLINE_MS, () => `the server did not end on ${signal}\n${this.log}`);
  }

  /** Asks it to look at its files again. */
  hangUp(): void {
    process.kill(this.pid, 'SIGHUP');
  }

  /** Starts it again on the same folder and the same ports; `flags` are added to those of the start. */
  async restart(flags: ServerOptions['flags'] = {}): Promise<void> {
    await this.kill('SIGKILL');
    const { http, ws } = this.urls;
    await this.#launch({ 'http-port': new URL(http).port, 'ws-port': new URL(ws).port, ...flags });
  }

  /** Stops it, lets `work` have the data folder, and starts it again on the same ports. */
  async whileStopped(work: (dataDir: string) => Promise<void>): Promise<void> {
    await this.kill('SIGTERM');
    await work(this.dataDir);
    await this.restart();
  }

  /** Drains and ends the server; it is killed where that takes too long, which is an error. Idempotent. */
  async stop(): Promise<void> {
    try {
      await this.kill('SIGTERM');
    } catch (error) {
      await this.kill('SIGKILL');
      throw error;
    } finally {
      if (this.#ownsFolder) await rm(this.dataDir, { recursive: true, force: true });
    }
  }

  async #launch(flags: ServerOptions['flags'] = {}): Promise<void> {
    const { wrapper = [], nodeArgs = [], env = {} } = this.#options;
    const asked = {
      'http-port': 0,
      'ws-port': 0,
      ...this.#options.flags,
      ...flags,
      'data-dir': this.dataDir,
    };
    const args = Object.entries(asked).map(([name, value]) => `--${name}=${value}`);
    const [command = process.execPath, ...rest] = [...wrapper, process.execPath, ...nodeArgs, MAIN, ...args];
    const launchedAtMs = performance.now();
    const child = spawn(command, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    endWithThisProcess(child);
    const keep = (line: string): void => {
      this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.splice(0, KEPT_LINES / 2);
    };
    createInterface({ input: child.stderr }).on('line', keep);
    const ready = new Promise<Urls>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        keep(line);
        if (line.startsWith('ready ')) resolve(toUrls(line.slice('ready '.length)));
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        reject(new Error(`the server ended before it was ready (${code ?? signal ?? ''})\n${this.log}`));
      });
    });
    this.#urls = await deadline(
      ready,
      START_DEADLINE_MS,
      () => `the server was not ready in time\n${this.log}`,
    );
    this.#readyAfterMs = performance.now() - launchedAtMs;
  }
}

/** A test run that is cut off must not leave its server behind. */
function endWithThisProcess(child: ChildProcess): void {
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
}

function toUrls(json: string): Urls {
  const value: unknown = JSON.parse(json);
  if (typeof value === 'object' && value !== null && 'http' in value && 'ws' in value) {
    const { http, ws } = value;
    if (typeof http === 'string' && typeof ws === 'string') return { http, ws };
  }
  throw new Error(`not a ready line: ${json}`);
}
