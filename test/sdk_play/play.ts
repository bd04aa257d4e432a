/**
 * One play: three people with four devices, two groups and the chats between them do whatever comes to them, on bad
 * networks; then there is quiet, and every device says what the server says.
 */
import { Random } from '../fuzz/random.js';
import type { SeededUser } from '../support/seed.js';
import { waitUntil } from '../support/wait.js';
import { Device } from './device.js';
import { moveOn, type Stage } from './moves.js';
import { listDifferences, screenDifferences, Truth } from './truth.js';

/** One person's tokens, by device. */
export interface Cast {
  readonly devices: readonly SeededUser[];
}

export interface PlayOptions {
  readonly seed: number;
  readonly people: readonly Cast[];
  readonly urls: { readonly http: string; readonly ws: string };
  readonly steps: number;
  readonly rounds: number;
  /** Steps that are left out, to find what a failure needs. */
  readonly isLeftOut?: (step: number) => boolean;
}

/** Far longer than anything takes: nothing but a defect, or a machine that stands still, reaches it. */
const PATIENCE_MS = 60_000;
const LINES_TOLD = 60;
/** Two people have one device, one has two; the last of everybody is for beginning afresh. */
const DEVICES = [1, 2, 1] as const;

export class Play {
  readonly #options: PlayOptions;
  readonly #truth: Truth;
  readonly #devices: Device[] = [];
  readonly #lines: string[] = [];

  constructor(options: PlayOptions) {
    this.#options = options;
    this.#truth = new Truth(options.urls.http);
  }

  async run(): Promise<void> {
    const { rounds, steps } = this.#options;
    try {
      const stage = await this.#begin();
      for (let round = 0; round < rounds; round++) {
        await this.#act(stage, round * steps, (round + 1) * steps);
        await this.#quiet();
        await this.#compare('after quiet', false);
      }
      await this.#compareScreens(stage);
      for (const device of this.#devices) device.cut();
      await this.#compare('after a new connection', true);
      await Promise.all(this.#devices.map((device) => device.restart(false)));
      await this.#compare('after a restart', true);
      await this.#compareFresh();
    } finally {
      await Promise.all(this.#devices.map((device) => device.end()));
    }
  }

  async #begin(): Promise<Stage> {
    const { people, urls } = this.#options;
    for (const [index, { devices }] of people.entries())
      for (const [number, { uid, token }] of devices.slice(0, DEVICES[index]).entries())
        this.#devices.push(this.#device(`${'abc'.charAt(index)}${number}`, uid, token, urls.ws));
    await this.#until('all to be there', () =>
      this.#devices.every(({ client }) => client.state.name === 'online'),
    );
    const uids = people.map(({ devices }) => devices[0]?.uid ?? 0);
    const [owner] = this.#devices;
    if (owner === undefined) throw new Error('nobody is there');
    const draft = { name: 'play', uids: uids.slice(1) };
    const shut = await owner.client.groups.create({ ...draft, uids: uids.slice(1, 2) });
    const open = await owner.client.groups.create({ ...draft, openHistory: true });
    const say = (line: string): void => void this.#lines.push(line);
    return { devices: this.#devices, uids, gids: [shut.gid, open.gid], odd: new Set([open.gid]), say };
  }

  #device(name: string, uid: number, token: string, url: string): Device {
    const device = new Device({ name, uid, token, url });
    device.start();
    return device;
  }

  async #act(stage: Stage, from: number, to: number): Promise<void> {
    const { seed, isLeftOut } = this.#options;
    for (let step = from; step < to; step++) {
      if (isLeftOut?.(step) === true) continue;
      const random = new Random(seed * 7919 + step * 104_729);
      random.below(1);
      await moveOn(stage, random, step);
      // The play has a pace; nothing is waited for.
      if (random.chance(0.4)) await new Promise((resolve) => setTimeout(resolve, random.below(30)));
    }
  }

  /** All that was asked for has its answer. */
  async #quiet(): Promise<void> {
    this.#lines.push('quiet');
    for (const device of this.#devices) device.heal();
    let answered = false;
    void Promise.all(this.#devices.map((device) => device.answered())).then(() => (answered = true));
    await this.#until('answers', () => answered);
  }

  async #compare(when: string, wasAsked: boolean): Promise<void> {
    for (const device of this.#devices) await this.#compareOne(device, when, wasAsked);
  }

  async #compareOne(device: Device, when: string, wasAsked: boolean): Promise<void> {
    let found: readonly string[] = ['not online'];
    const what = (): string => `${device.name} ${when}: ${found.join('; ')}`;
    await this.#until(what, async () => {
      if (device.client.state.name !== 'online') return false;
      found = [...(await this.#differences(device, wasAsked)), ...device.screen.faults];
      if (found.length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      return found.length === 0;
    });
  }

  async #differences(device: Device, wasAsked: boolean): Promise<readonly string[]> {
    const rows = await this.#truth.rows(device);
    const found = listDifferences(device, rows, wasAsked);
    if (found.length > 0 || rows.some(({ settings, isMember }) => settings.interest === 'muted' || !isMember))
      return found;
    const truth = await this.#truth.unread(device);
    const said = Object.entries(device.client.conversations.unread());
    return said
      .filter(([name, value]) => truth[name] !== value)
      .map(([name, value]) => `in all ${name} ${value}, not ${String(truth[name])}`);
  }

  /** Opened, every conversation shows everything that may be read. */
  async #compareScreens({ odd }: Stage): Promise<void> {
    const isWhole = (conv: string): boolean => ![...odd].some((gid) => conv === `g${gid}`);
    for (const device of this.#devices) {
      for (const { conv } of device.client.conversations.all()) device.client.conversations.open(conv);
      let found: string[] = [];
      await this.#until(
        () => `${device.name} opened: ${found.join('; ')}`,
        async () => {
          found = [...device.screen.faults];
          for (const { conv, lastSeq } of await this.#truth.rows(device)) {
            const log = await this.#truth.log(device, conv, lastSeq);
            const tip = device.client.conversations.find(conv)?.tip ?? 0;
            if (tip !== lastSeq) found.push(`${conv} is shown up to ${tip} of ${lastSeq}`);
            else found.push(...screenDifferences(device, conv, log, isWhole(conv)));
          }
          return found.length === 0;
        },
      );
    }
  }

  async #compareFresh(): Promise<void> {
    const { people, urls } = this.#options;
    const fresh = people.flatMap(({ devices }, index) => {
      const last = devices.at(-1);
      return last === undefined
        ? []
        : [this.#device(`${'abc'.charAt(index)}-new`, last.uid, last.token, urls.ws)];
    });
    this.#devices.push(...fresh);
    await this.#compare('beside new devices', true);
  }

  async #until(what: string | (() => string), holds: () => boolean | Promise<boolean>): Promise<void> {
    const { seed } = this.#options;
    const told = (): string => {
      const lines = this.#lines.slice(-LINES_TOLD).join('\n');
      const warnings = this.#devices.map(({ name, warnings: all }) => `${name}: ${all.slice(-3).join(', ')}`);
      return `${typeof what === 'string' ? what : what()}\nseed ${seed}\n${lines}\n${warnings.join('\n')}`;
    };
    await waitUntil(told, holds, PATIENCE_MS);
  }
}
