/** Memory: of connections that have nothing to say, and of a server that has nobody. And how soon it serves. */
import { BenchScope, BenchServer, GENERATOR_CORE } from './bench_server.js';
import { openDataset } from './dataset.js';
import { GeneratorProcess } from './generator_process.js';
import type { Account } from './plan.js';
import { residentBytes } from '../test/support/proc_stat.js';

const CONNECT_LIMIT_MS = 180_000;
/** Long enough for the garbage of signing in to be collected, if it is at all. */
const SETTLE_MS = 15_000;
const IDLE_MS = 5000;

type Rows = readonly (readonly [string, string])[];

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

export async function measureIdleConnections(count: number): Promise<Rows> {
  const scope = new BenchScope();
  try {
    const dataset = await openDataset();
    let accounts: readonly Account[] = [];
    const prepare = async (dataDir: string): Promise<void> => {
      accounts = await dataset.accounts(dataDir, count);
    };
    const server = await BenchServer.start(scope, { dataset, prepare });
    await pause(IDLE_MS);
    const beforeBytes = await residentBytes(server.pid);
    const generator = new GeneratorProcess(GENERATOR_CORE);
    scope.after(() => generator.end());
    const startedAtMs = performance.now();
    generator.give({ kind: 'idle', wsUrl: server.wsUrl, accounts });
    await generator.reached('connected', CONNECT_LIMIT_MS);
    const seconds = (performance.now() - startedAtMs) / 1000;
    await pause(SETTLE_MS);
    const afterBytes = await residentBytes(server.pid);
    const cpuBeforeMs = await server.cpuMs();
    await pause(IDLE_MS);
    const busyPercent = ((await server.cpuMs()) - cpuBeforeMs) / (IDLE_MS / 100);
    return [
      ['connections, authenticated', String(count)],
      ['RSS before / after', `${mb(beforeBytes)} / ${mb(afterBytes)}`],
      ['RSS per connection', `${((afterBytes - beforeBytes) / count / 1000).toFixed(2)} kB`],
      ['sign-ins per second', (count / seconds).toFixed(0)],
      ['server core busy with them idle', `${busyPercent.toFixed(1)} %`],
    ];
  } finally {
    await scope.end();
  }
}

export async function measureStart(): Promise<Rows> {
  const rows: (readonly [string, string])[] = [];
  for (const withData of [false, true]) {
    const scope = new BenchScope();
    try {
      const dataset = withData ? { dataset: await openDataset() } : {};
      const server = await BenchServer.start(scope, dataset);
      const name = withData ? 'with the preloaded data' : 'in a new folder';
      rows.push([`ready ${name}`, `${server.server.readyAfterMs.toFixed(0)} ms`]);
      await pause(IDLE_MS);
      rows.push([`RSS idle ${name}`, mb(await residentBytes(server.pid))]);
    } finally {
      await scope.end();
    }
  }
  return rows;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
