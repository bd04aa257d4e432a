/** A real server that can be asked what it still holds after all its garbage was collected. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TestServer, type Scope } from '../support/server.js';
import { SEED_ENV } from '../support/seed.js';
import { waitUntil } from '../support/wait.js';

const PROBE = new URL('./heap_probe.js', import.meta.url).href;
const PROBE_LIMIT_MS = 30_000;

export interface Held {
  /** Objects in V8's heap. */
  readonly heapBytes: number;
  /** Buffers and the like, outside V8's heap. */
  readonly externalBytes: number;
  /** What keeps the event loop going, by kind: sockets, listeners, timers, messages between threads. */
  readonly resources: Readonly<Record<string, number>>;
  readonly openFiles: number;
}

export class ProbedServer {
  readonly server: TestServer;
  readonly #file: string;

  private constructor(server: TestServer, file: string) {
    this.server = server;
    this.#file = file;
  }

  /** `folder` exists and is the test's own. */
  static async start(
    scope: Scope,
    folder: string,
    prepare: (dataDir: string) => Promise<void>,
    flags: Readonly<Record<string, string | number>>,
  ): Promise<ProbedServer> {
    const file = join(folder, 'heap.json');
    const server = await TestServer.start(scope, {
      // Functions that rest lose their bytecode and get it back: that would be counted too.
      nodeArgs: ['--expose-gc', '--no-flush-bytecode', '--import', PROBE],
      env: { ...SEED_ENV, HEAP_PROBE_FILE: file },
      flags,
      prepare,
    });
    return new ProbedServer(server, file);
  }

  async held(): Promise<Held> {
    await rm(this.#file, { force: true });
    process.kill(this.server.pid, 'SIGUSR2');
    const text = await waitUntil(
      'the probe to answer',
      () => readFile(this.#file, 'utf8').catch(() => undefined),
      PROBE_LIMIT_MS,
    );
    const openFiles = (await readdir(`/proc/${this.server.pid}/fd`)).length;
    return { ...(JSON.parse(text) as Omit<Held, 'openFiles'>), openFiles };
  }
}
