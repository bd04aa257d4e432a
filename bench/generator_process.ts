/** The parent's side of the load generator: starts it on its own core, follows its reports. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { deadline } from '../test/support/wait.js';
import type { GeneratorReport, Plan } from './plan.js';

const GENERATOR = fileURLToPath(new URL('./generator.js', import.meta.url));

type Step = GeneratorReport['step'];

export class GeneratorProcess {
  readonly #child: ChildProcess;
  readonly #reports: GeneratorReport[] = [];
  #waiting: (() => void) | undefined;

  /** `core`: the number of the CPU that it may use. */
  constructor(core: number, profileDir?: string) {
    // taskset replaces itself by node, so the message channel that fork opens survives.
    const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
    this.#child = fork(GENERATOR, [], {
      execPath: 'taskset',
      execArgv: ['-c', String(core), process.execPath, ...profile],
      serialization: 'advanced',
    });
    this.#child.on('message', (message: GeneratorReport) => {
      this.#reports.push(message);
      this.#waiting?.();
    });
    this.#child.once('exit', (code) => {
      this.#reports.push({ step: 'failed', reason: `the generator ended with ${code ?? 'a signal'}` });
      this.#waiting?.();
    });
  }

  give(plan: Plan): void {
    this.#child.send(plan);
  }

  /** The report of that step; throws where the generator failed or took longer than `limitMs`. */
  async reached<Name extends Step>(
    step: Name,
    limitMs: number,
  ): Promise<Extract<GeneratorReport, { step: Name }>> {
    return deadline(this.#next(step), limitMs, () => `the generator did not get to «${step}»`);
  }

  /** Ends it and its connections. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await gone;
  }

  async #next<Name extends Step>(step: Name): Promise<Extract<GeneratorReport, { step: Name }>> {
    for (;;) {
      const found = this.#reports.find((report) => report.step === step);
      if (found !== undefined) return found as Extract<GeneratorReport, { step: Name }>;
      const failure = this.#reports.find((report) => report.step === 'failed');
      if (failure?.step === 'failed') throw new Error(failure.reason);
      await new Promise<void>((resolve) => (this.#waiting = resolve));
    }
  }
}
