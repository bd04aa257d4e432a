/** Joins per second into one large group, and what a message to it costs when nobody is there. */
import { BenchScope, BenchServer, GENERATOR_CORE } from './bench_server.js';
import { BENCH_DEVICE } from './dataset.js';
import { GeneratorProcess } from './generator_process.js';
import { seedGroups, type SeededGroups } from '../test/support/group_seed.js';
import type { Rows } from './results.js';

const CONNECT_LIMIT_MS = 180_000;
const RUN_LIMIT_MS = 120_000;
const AT_ONCE = 100;
const MESSAGE_COUNT = 200;

export async function measureJoins(count: number, profileDir?: string): Promise<Rows> {
  const scope = new BenchScope();
  try {
    let seeded: SeededGroups = { groups: [], others: [] };
    const prepare = async (dataDir: string): Promise<void> => {
      seeded = await seedGroups(dataDir, {
        groupCount: 1,
        memberCount: 1,
        otherCount: count,
        device: BENCH_DEVICE,
      });
    };
    const server = await BenchServer.start(scope, { prepare, profileDir });
    const [group] = seeded.groups;
    const owner = group?.members[0];
    if (group === undefined || owner === undefined) throw new Error('no group was made');
    const generator = new GeneratorProcess(GENERATOR_CORE);
    scope.after(() => generator.end());
    generator.give({
      ...{ kind: 'join', wsUrl: server.wsUrl, gid: group.gid, owner, accounts: seeded.others },
      ...{ atOnce: AT_ONCE, messageCount: MESSAGE_COUNT },
    });
    await generator.reached('connected', CONNECT_LIMIT_MS);
    const cpuBeforeMs = await server.cpuMs();
    await generator.reached('measured', RUN_LIMIT_MS);
    const cpuMs = (await server.cpuMs()) - cpuBeforeMs;
    const { figures } = await generator.reached('joined', RUN_LIMIT_MS);
    return [
      ['joins / at a time', `${count} / ${AT_ONCE}`],
      ['joins per second', (count / figures.seconds).toFixed(0)],
      ['server CPU per join', `${((cpuMs * 1000) / count).toFixed(0)} µs`],
      ['refused', String(figures.failed)],
      [
        'ack of a message to that group with nobody there, p50 / p99',
        `${figures.messageP50Ms.toFixed(2)} ms / ${figures.messageP99Ms.toFixed(2)} ms`,
      ],
      [
        'server core busy / generator core busy, joining',
        `${(cpuMs / figures.seconds / 10).toFixed(0)} % / ${figures.generatorBusyPercent.toFixed(0)} %`,
      ],
    ];
  } finally {
    await scope.end();
  }
}
