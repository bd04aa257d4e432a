/** Acked 1:1 sends: throughput, latency, losses and CPU, closed loop or paced. */
import { BenchScope, BenchServer, GENERATOR_CORE, type LoopDelay } from './bench_server.js';
import { openDataset } from './dataset.js';
import { GeneratorProcess } from './generator_process.js';
import { residentBytes, peakResidentBytes } from '../test/support/proc_stat.js';
import type { ChatFigures, ClientKind, Pair } from './plan.js';

export interface ChatBenchOptions {
  readonly senderCount: number;
  readonly client: ClientKind;
  readonly warmUpMs: number;
  readonly runMs: number;
  /** 0: closed loop. */
  readonly ratePerS: number;
  readonly profileDir?: string | undefined;
  readonly measuresLoopDelay?: boolean;
}

export interface ChatResult extends ChatFigures {
  readonly perSecond: number;
  readonly serverCpuUsPerMessage: number;
  readonly serverBusyPercent: number;
  readonly residentBytes: number;
  readonly peakResidentBytes: number;
  readonly loopDelay: LoopDelay | undefined;
}

/** A short ordinary message. */
const CONTENT_BYTES = 64;
const CONNECT_LIMIT_MS = 120_000;
const SETTLE_LIMIT_MS = 60_000;

export async function measureChat(options: ChatBenchOptions): Promise<ChatResult> {
  const { senderCount, client, warmUpMs, runMs, ratePerS, profileDir, measuresLoopDelay = false } = options;
  const scope = new BenchScope();
  try {
    const dataset = await openDataset();
    let pairs: readonly Pair[] = [];
    const prepare = async (dataDir: string): Promise<void> => {
      pairs = await dataset.pairs(dataDir, senderCount);
    };
    const server = await BenchServer.start(scope, { dataset, profileDir, prepare, measuresLoopDelay });
    const generator = new GeneratorProcess(GENERATOR_CORE, profileDir);
    scope.after(() => generator.end());
    const { epoch } = dataset;
    const { wsUrl } = server;
    generator.give({
      kind: 'chat',
      wsUrl,
      client,
      pairs,
      epoch,
      contentBytes: CONTENT_BYTES,
      warmUpMs,
      runMs,
      ratePerS,
    });
    await generator.reached('connected', CONNECT_LIMIT_MS);
    await generator.reached('measuring', warmUpMs + SETTLE_LIMIT_MS);
    if (measuresLoopDelay) await server.loopDelay();
    const cpuBeforeMs = await server.cpuMs();
    await generator.reached('measured', runMs + SETTLE_LIMIT_MS);
    const cpuMs = (await server.cpuMs()) - cpuBeforeMs;
    const loopDelay = measuresLoopDelay ? await server.loopDelay() : undefined;
    const { figures } = await generator.reached('chatted', SETTLE_LIMIT_MS);
    return {
      ...figures,
      perSecond: figures.acked / figures.seconds,
      serverCpuUsPerMessage: (cpuMs * 1000) / figures.acked,
      serverBusyPercent: cpuMs / figures.seconds / 10,
      residentBytes: await residentBytes(server.pid),
      peakResidentBytes: await peakResidentBytes(server.pid),
      loopDelay,
    };
  } finally {
    await scope.end();
  }
}

export function chatRows(result: ChatResult): readonly (readonly [string, string])[] {
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  return [
    ['acked messages per second', result.perSecond.toFixed(0)],
    ['ack p50 / p99 / max', `${ms(result.ackP50Ms)} / ${ms(result.ackP99Ms)} / ${ms(result.ackMaxMs)}`],
    ['delivery p50 / p99', `${ms(result.deliveryP50Ms)} / ${ms(result.deliveryP99Ms)}`],
    ['lost / twice / failed', `${result.lost} / ${result.twice} / ${result.failed}`],
    ['server CPU per message', `${result.serverCpuUsPerMessage.toFixed(1)} µs`],
    [
      'server core busy / generator core busy',
      `${result.serverBusyPercent.toFixed(0)} % / ${result.generatorBusyPercent.toFixed(0)} %`,
    ],
    ['server RSS at the end / peak', `${mb(result.residentBytes)} / ${mb(result.peakResidentBytes)}`],
    ...loopDelayRows(result.loopDelay),
  ];
}

function loopDelayRows(delay: LoopDelay | undefined): readonly (readonly [string, string])[] {
  if (delay === undefined) return [];
  const figures = [delay.p50Ms, delay.p99Ms, delay.maxMs].map((ms) => `${ms.toFixed(2)} ms`);
  return [['server event-loop delay p50 / p99 / max, timer of 1 ms included', figures.join(' / ')]];
}
