/**
 * The load generator's own process: takes a plan from its parent, reports each step, ends when told so or when the
 * parent goes. Pinned to a core of its own by generator_process.ts.
 */
import { BareTalker } from './bare_talker.js';
import { SdkTalker } from './sdk_talker.js';
import { ChatLoad, type MakeTalker } from './chat_load.js';
import { GroupLoad } from './group_load.js';
import { IdleLoad } from './idle_load.js';
import { JoinLoad } from './join_load.js';
import { SyncLoad } from './sync_load.js';
import { ReconnectLoad } from './reconnect_load.js';
import { SignInLoad } from './sign_in_load.js';
import type {
  ChatPlan,
  ClientKind,
  GeneratorReport,
  GroupPlan,
  IdlePlan,
  JoinPlan,
  Plan,
  ReconnectPlan,
  SignInPlan,
  SyncPlan,
} from './plan.js';

const MAKERS: Readonly<Record<ClientKind, MakeTalker>> = {
  sdk: (options, events) => new SdkTalker(options, events),
  bare: (options, events) => new BareTalker(options, events),
};

function report(message: GeneratorReport): void {
  process.send?.(message);
}

async function runChat(plan: ChatPlan): Promise<void> {
  const load = new ChatLoad(plan, MAKERS[plan.client]);
  await load.connect();
  report({ step: 'connected' });
  const figures = await load.run((step) => report({ step }));
  if (load.failures.length > 0) console.error('failed sends, the first of them:', load.failures);
  report({ step: 'chatted', figures });
}

async function runIdle(plan: IdlePlan): Promise<void> {
  const load = new IdleLoad(plan);
  await load.connect();
  report({ step: 'connected' });
}

async function runSignIn(plan: SignInPlan): Promise<void> {
  const load = new SignInLoad(plan);
  await load.prepare();
  report({ step: 'measuring' });
  report({ step: 'signed-in', figures: await load.run() });
}

async function runReconnect(plan: ReconnectPlan): Promise<void> {
  report({ step: 'in-sync', figures: await new ReconnectLoad(plan).run() });
}

async function runGroup(plan: GroupPlan): Promise<void> {
  const load = new GroupLoad(plan);
  await load.connect();
  report({ step: 'connected' });
  const figures = await load.run((step) => report({ step }));
  if (load.failures.length > 0) console.error('failures, the first of them:', load.failures);
  report({ step: 'fanned-out', figures });
}

async function runJoin(plan: JoinPlan): Promise<void> {
  const load = new JoinLoad(plan);
  await load.connect();
  report({ step: 'connected' });
  report({ step: 'joined', figures: await load.run((step) => report({ step })) });
}

async function runSync(plan: SyncPlan): Promise<void> {
  const load = new SyncLoad(plan);
  await load.connect();
  report({ step: 'connected' });
  report({ step: 'synced', figures: await load.run((step) => report({ step })) });
}

function run(plan: Plan): Promise<void> {
  switch (plan.kind) {
    case 'chat':
      return runChat(plan);
    case 'idle':
      return runIdle(plan);
    case 'sign-in':
      return runSignIn(plan);
    case 'reconnect':
      return runReconnect(plan);
    case 'group':
      return runGroup(plan);
    case 'join':
      return runJoin(plan);
    case 'sync':
      return runSync(plan);
  }
}

process.once('disconnect', () => process.exit(0));
process.once('message', (plan: Plan) => {
  run(plan).catch((error: unknown) => {
    report({
      step: 'failed',
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  });
});
