/**
 * A restarted server's first moments: thousands of clients that know a hundred conversations each come back at once,
 * some having missed messages, and each is in sync again.
 */
import { BenchScope, BenchServer, GENERATOR_CORE } from './bench_server.js';
import { GeneratorProcess } from './generator_process.js';
import { seedRing, type Ring, type RingOptions } from './acquaintances.js';
import type { Rows } from './results.js';

const STEP_LIMIT_MS = 300_000;

/** `isCold`: the clients have no cursor and ask for all of their conversations. */
export async function measureReconnect(
  options: RingOptions,
  { isCold, profileDir }: { readonly isCold: boolean; readonly profileDir: string | undefined },
): Promise<Rows> {
  const scope = new BenchScope();
  try {
    let ring: Ring = { accounts: [], epoch: 0, cursorMs: 0 };
    const prepare = async (dataDir: string): Promise<void> => {
      ring = await seedRing(dataDir, options);
    };
    const server = await BenchServer.start(scope, { prepare, profileDir });
    const generator = new GeneratorProcess(GENERATOR_CORE);
    scope.after(() => generator.end());
    const cpuBeforeMs = await server.cpuMs();
    const { accounts, epoch } = ring;
    const cursorMs = isCold ? 0 : ring.cursorMs;
    const { conversationCount } = options;
    generator.give({ kind: 'reconnect', wsUrl: server.wsUrl, accounts, epoch, cursorMs, conversationCount });
    const { figures } = await generator.reached('in-sync', STEP_LIMIT_MS);
    const cpuMs = (await server.cpuMs()) - cpuBeforeMs;
    const { seconds, p50Ms, p99Ms, fetchedMessages, generatorBusyPercent } = figures;
    return [
      ['clients, conversations of each', `${accounts.length}, ${conversationCount}`],
      ['all in sync after', `${seconds.toFixed(2)} s`],
      [
        'one client in sync after, p50 / p99',
        `${(p50Ms / 1000).toFixed(2)} s / ${(p99Ms / 1000).toFixed(2)} s`,
      ],
      ['messages missed and fetched', String(fetchedMessages)],
      ['server CPU per client', `${((cpuMs * 1000) / accounts.length).toFixed(0)} µs`],
      [
        'server core busy / generator core busy',
        `${(cpuMs / seconds / 10).toFixed(0)} % / ${generatorBusyPercent.toFixed(0)} %`,
      ],
    ];
  } finally {
    await scope.end();
  }
}
