/**
 * The load generator's own process: takes a plan from its parent, reports each step, ends when told so or when the
 * parent goes. Pinned to a core of its own by generator_process.ts.
 */
import { BareTalker } from './bare_talker.js';
import { SdkTalker } from './sdk_talker.js';
import { ChatLoad, type MakeTalker } from './chat_load.js';
import { IdleLoad } from './idle_load.js';
import type { ChatPlan, ClientKind, GeneratorReport, IdlePlan, Plan } from './plan.js';

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

process.once('disconnect', () => process.exit(0));
process.once('message', (plan: Plan) => {
  const run = plan.kind === 'chat' ? runChat(plan) : runIdle(plan);
  run.catch((error: unknown) => {
    report({
      step: 'failed',
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  });
});
