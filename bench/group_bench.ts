/** Fan-out: messages of a group to all its members, stored before anybody has them. */
import { BenchScope, BenchServer, GENERATOR_CORE } from './bench_server.js';
import { BENCH_DEVICE } from './dataset.js';
import { GeneratorProcess } from './generator_process.js';
import { seedGroups, type SeededGroup } from '../test/support/group_seed.js';
import type { Rows } from './results.js';
import { residentBytes } from '../test/support/proc_stat.js';

export interface GroupBenchOptions {
  readonly groupCount: number;
  readonly memberCount: number;
  readonly senderCount: number;
  /** Messages per second; 0: closed loop. */
  readonly ratePerS: number;
  readonly warmUpMs: number;
  readonly runMs: number;
  readonly profileDir?: string | undefined;
}

const CONTENT_BYTES = 64;
const CONNECT_LIMIT_MS = 120_000;
const SETTLE_LIMIT_MS = 60_000;

export async function measureGroups(options: GroupBenchOptions): Promise<Rows> {
  const { groupCount, memberCount, senderCount, ratePerS, warmUpMs, runMs, profileDir } = options;
  const scope = new BenchScope();
  try {
    let groups: readonly SeededGroup[] = [];
    const prepare = async (dataDir: string): Promise<void> => {
      ({ groups } = await seedGroups(dataDir, {
        groupCount,
        memberCount,
        otherCount: 0,
        device: BENCH_DEVICE,
      }));
    };
    const server = await BenchServer.start(scope, { prepare, profileDir });
    const generator = new GeneratorProcess(GENERATOR_CORE, profileDir);
    scope.after(() => generator.end());
    const { wsUrl } = server;
    generator.give({
      ...{
        kind: 'group',
        wsUrl,
        groups,
        senderCount,
        contentBytes: CONTENT_BYTES,
        warmUpMs,
        runMs,
        ratePerS,
      },
    });
    await generator.reached('connected', CONNECT_LIMIT_MS);
    await generator.reached('measuring', warmUpMs + SETTLE_LIMIT_MS);
    const cpuBeforeMs = await server.cpuMs();
    await generator.reached('measured', runMs + SETTLE_LIMIT_MS);
    const cpuMs = (await server.cpuMs()) - cpuBeforeMs;
    const rss = await residentBytes(server.pid);
    const { figures } = await generator.reached('fanned-out', SETTLE_LIMIT_MS);
    const { seconds, acked, deliveries } = figures;
    const ms = (value: number): string => `${value.toFixed(1)} ms`;
    return [
      ['groups / members of each / senders of each', `${groupCount} / ${memberCount} / ${senderCount}`],
      ['deliveries per second', (deliveries / seconds).toFixed(0)],
      ['acked messages per second', (acked / seconds).toFixed(0)],
      ['server CPU per delivery', `${((cpuMs * 1000) / deliveries).toFixed(2)} µs`],
      ['delivery p50 / p99', `${ms(figures.deliveryP50Ms)} / ${ms(figures.deliveryP99Ms)}`],
      ['ack p50 / p99', `${ms(figures.ackP50Ms)} / ${ms(figures.ackP99Ms)}`],
      ['lost / twice / failed', `${figures.lost} / ${figures.twice} / ${figures.failed}`],
      [
        'server core busy / generator core busy',
        `${(cpuMs / seconds / 10).toFixed(0)} % / ${figures.generatorBusyPercent.toFixed(0)} %`,
      ],
      ['server RSS at the end', `${(rss / 1e6).toFixed(0)} MB`],
    ];
  } finally {
    await scope.end();
  }
}
