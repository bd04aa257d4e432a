/** Sign-ins with a token per second: each with a connection of its own, and on connections that are open already. */
import { BenchScope, BenchServer, GENERATOR_CORE } from './bench_server.js';
import { BENCH_DEVICE } from './dataset.js';
import { GeneratorProcess } from './generator_process.js';
import type { Account } from './plan.js';
import type { Rows } from './results.js';
import { openForSeeding, seedTokens, seedUsers } from '../test/support/seed.js';

const STEP_LIMIT_MS = 300_000;

/** `count` users, each signed in once either way. */
export async function measureSignIns(count: number, profileDir?: string): Promise<Rows> {
  const rows: (readonly [string, string])[] = [['clients', String(count)]];
  for (const isOpen of [false, true]) {
    const scope = new BenchScope();
    try {
      let accounts: readonly Account[] = [];
      const prepare = async (dataDir: string): Promise<void> => {
        const stores = await openForSeeding(dataDir);
        accounts = await seedTokens(stores, await seedUsers(stores, count), BENCH_DEVICE);
        await stores.close();
      };
      const server = await BenchServer.start(scope, { prepare, profileDir });
      const generator = new GeneratorProcess(GENERATOR_CORE);
      scope.after(() => generator.end());
      generator.give({ kind: 'sign-in', wsUrl: server.wsUrl, accounts, isOpen });
      await generator.reached('measuring', STEP_LIMIT_MS);
      const cpuBeforeMs = await server.cpuMs();
      const { figures } = await generator.reached('signed-in', STEP_LIMIT_MS);
      const { seconds, generatorBusyPercent } = figures;
      const cpuMs = (await server.cpuMs()) - cpuBeforeMs;
      const what = isOpen ? 'on open connections' : 'with the upgrade';
      rows.push(
        [`sign-ins per second, ${what}`, (count / seconds).toFixed(0)],
        [`server CPU per sign-in, ${what}`, `${((cpuMs * 1000) / count).toFixed(0)} µs`],
        [
          `server core busy / generator core busy, ${what}`,
          `${(cpuMs / seconds / 10).toFixed(0)} % / ${generatorBusyPercent.toFixed(0)} %`,
        ],
      );
    } finally {
      await scope.end();
    }
  }
  return rows;
}
