/**
 * `npm run bench -- NAME [--client bare] [--seconds N] [--count N] [--conversations N] [--profile DIR] [--record]`: runs one measure
 * and prints its figures; --record also writes them into bench/RESULTS.md with the hardware and this command.
 */
import { parseArgs } from 'node:util';
import { chatRows, measureChat, type ChatBenchOptions } from './chat_bench.js';
import { measureFlush } from './flush_bench.js';
import { measureGroups, type GroupBenchOptions } from './group_bench.js';
import { measureIdleConnections, measureStart } from './idle_bench.js';
import { measureJoins } from './join_bench.js';
import { measureReconnect } from './reconnect_bench.js';
import { recordResult, type Rows } from './results.js';
import { measureSignIns } from './sign_in_bench.js';
import { measureSync } from './sync_bench.js';

interface Settings {
  readonly client: ChatBenchOptions['client'];
  readonly runMs: number;
  readonly profileDir: string | undefined;
  /** Of clients, where a measure lets one choose; 0: its own. */
  readonly count: number;
  readonly conversations: number;
}

const WARM_UP_MS = 5000;
const DEFAULT_SECONDS = '20';
const IDLE_CONNECTIONS = 10_000;
const SIGN_INS = 10_000;
const RECONNECTING = 5000;
const JOINS = 10_000;
const SYNCED_CONVERSATIONS = 500;
const CHANGED_CONVERSATIONS = 20;
const CONVERSATIONS = '100';

const closedLoop = (senderCount: number) => async (settings: Settings) =>
  chatRows(await measureChat({ ...settings, senderCount, warmUpMs: WARM_UP_MS, ratePerS: 0 }));

/** Half of what the closed loop has just reached on this machine. */
async function halfLoad(settings: Settings): Promise<Rows> {
  const common = { ...settings, senderCount: 200, warmUpMs: WARM_UP_MS };
  const full = await measureChat({ ...common, ratePerS: 0 });
  const ratePerS = Math.round(full.perSecond / 2);
  const half = await measureChat({ ...common, ratePerS, measuresLoopDelay: true });
  return [['messages per second at full load', full.perSecond.toFixed(0)], ...chatRows(half)];
}

const reconnecting =
  (isCold: boolean) =>
  ({ count, conversations, profileDir }: Settings) =>
    measureReconnect(
      { clientCount: count || RECONNECTING, conversationCount: conversations },
      { isCold, profileDir },
    );

const fanningOut =
  (shape: Pick<GroupBenchOptions, 'groupCount' | 'memberCount' | 'senderCount' | 'ratePerS'>) =>
  ({ runMs, profileDir }: Settings) =>
    measureGroups({ ...shape, warmUpMs: WARM_UP_MS, runMs, profileDir });

const ONE_GROUP = { groupCount: 1, memberCount: 500 };
/** Of 499 members each. */
const STEADY_MESSAGES = 40;
/** Of 49 members each, over all groups: 150,000 deliveries. 2,000 senders in a closed loop would measure their own queue. */
const MERGED_MESSAGES = 3100;

const MEASURES: Readonly<Record<string, (settings: Settings) => Promise<Rows>>> = {
  chat: closedLoop(200),
  'chat-1000': closedLoop(1000),
  single: closedLoop(1),
  'loop-delay': halfLoad,
  idle: ({ count }) => measureIdleConnections(count || IDLE_CONNECTIONS),
  'sign-in': ({ count, profileDir }) => measureSignIns(count || SIGN_INS, profileDir),
  reconnect: reconnecting(false),
  'reconnect-cold': reconnecting(true),
  group: fanningOut({ ...ONE_GROUP, senderCount: 20, ratePerS: 0 }),
  'group-steady': fanningOut({ ...ONE_GROUP, senderCount: 40, ratePerS: STEADY_MESSAGES }),
  groups: fanningOut({ groupCount: 100, memberCount: 50, senderCount: 20, ratePerS: MERGED_MESSAGES }),
  join: ({ count, profileDir }) => measureJoins(count || JOINS, profileDir),
  sync: () => measureSync(SYNCED_CONVERSATIONS, CHANGED_CONVERSATIONS),
  start: () => measureStart(),
  flush: () => measureFlush(),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    client: { type: 'string', default: 'sdk' },
    seconds: { type: 'string', default: DEFAULT_SECONDS },
    count: { type: 'string', default: '0' },
    conversations: { type: 'string', default: CONVERSATIONS },
    profile: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});

const [name = ''] = positionals;
const measure = MEASURES[name];
if (measure === undefined || (values.client !== 'sdk' && values.client !== 'bare')) {
  console.error(
    `usage: npm run bench -- ${Object.keys(MEASURES).join('|')} [--client sdk|bare] [--seconds N] [--count N] [--conversations N] [--record]`,
  );
  process.exitCode = 1;
} else {
  const { client, profile: profileDir } = values;
  const rows = await measure({
    client,
    runMs: Number(values.seconds) * 1000,
    profileDir,
    count: Number(values.count),
    conversations: Number(values.conversations),
  });
  for (const [what, figure] of rows) console.log(`${what.padEnd(66)} ${figure}`);
  if (values.record)
    await recordResult(
      client === 'bare' ? `${name} --client bare` : name,
      process.argv.slice(2).filter((arg) => arg !== '--record'),
      rows,
    );
}
