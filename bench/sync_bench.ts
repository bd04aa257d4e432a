/** What a reconnecting user with many conversations costs the server: one sync, then ranges of what changed. */
import { seedRing, type Ring } from './acquaintances.js';
import { BenchScope, BenchServer, GENERATOR_CORE } from './bench_server.js';
import { GeneratorProcess } from './generator_process.js';
import type { Rows } from './results.js';

const LIMIT_MS = 120_000;
const ROUNDS = 300;
/** What was seeded a moment ago would be indexed on the same core meanwhile. */
const WITHOUT_INDEX = { 'store-search-enabled': 'false' };

/** `conversationCount` of which `changedCount` have one message more. */
export async function measureSync(conversationCount: number, changedCount: number): Promise<Rows> {
  const scope = new BenchScope();
  try {
    let ring: Ring | undefined;
    const prepare = async (dataDir: string): Promise<void> => {
      const missedToEitherSide = changedCount / 2;
      ring = await seedRing(dataDir, {
        ...{ clientCount: conversationCount + 2, conversationCount, missedToEitherSide },
      });
    };
    const server = await BenchServer.start(scope, { prepare, flags: WITHOUT_INDEX });
    const account = ring?.accounts[0];
    if (ring === undefined || account === undefined) throw new Error('nobody was made');
    const generator = new GeneratorProcess(GENERATOR_CORE);
    scope.after(() => generator.end());
    const { cursorMs } = ring;
    generator.give({ kind: 'sync', wsUrl: server.wsUrl, account, cursorMs, rounds: ROUNDS });
    await generator.reached('connected', LIMIT_MS);
    await generator.reached('measuring', LIMIT_MS);
    const cpuBeforeMs = await server.cpuMs();
    await generator.reached('measured', LIMIT_MS);
    const cpuMs = (await server.cpuMs()) - cpuBeforeMs;
    const { figures } = await generator.reached('synced', LIMIT_MS);
    return [
      ['conversations / changed', `${figures.conversations} / ${figures.changed}`],
      [
        'sync, one round trip, p50 / p99',
        `${figures.syncP50Ms.toFixed(2)} ms / ${figures.syncP99Ms.toFixed(2)} ms`,
      ],
      ['its ranges, asked for at once, p50', `${figures.rangesP50Ms.toFixed(2)} ms`],
      ['server CPU per reconnect, sync and ranges', `${(cpuMs / ROUNDS).toFixed(2)} ms`],
    ];
  } finally {
    await scope.end();
  }
}
