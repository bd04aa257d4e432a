/** What somebody does next in a play: drawn from the seed and the number of the step, so that steps can be left out. */
import type { Message } from '../../sdk/src/types.js';
import type { Random } from '../fuzz/random.js';
import type { Device } from './device.js';

export interface Stage {
  /** The owner of the groups first. */
  readonly devices: readonly Device[];
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** Groups that are over, or whose history was opened and shut: what may be read of them has no simple rule. */
  readonly odd: Set<number>;
  readonly say: (line: string) => void;
}

type Move = (stage: Stage, device: Device, random: Random, step: number) => void | Promise<void>;

const INTERESTS = ['full', 'count', 'muted'] as const;

const talk: Move = ({ uids, gids, say }, device, random, step) => {
  const to = random.pick(random.chance(0.75) ? gids : uids);
  const isGroup = gids.includes(to);
  const count = random.chance(0.3) ? 1 + random.below(8) : 1;
  say(`says ${count} to ${to}`);
  for (let number = 0; number < count; number++) {
    const mentions = isGroup && random.chance(0.3) ? [random.pick([0, ...uids])] : [];
    device.send(to, `${device.name} ${step}.${number}`, { mentions });
  }
};

const read: Move = ({ say }, { client }, random) => {
  const all = client.conversations.all();
  if (all.length === 0) return;
  const { conv, tip } = random.pick(all);
  const seq = random.chance(0.5) ? Infinity : tip - random.below(6);
  say(`reads ${conv} to ${seq}`);
  if (seq > 0) client.conversations.markRead(conv, seq);
};

/** Nearly always one of the last. */
function message(device: Device, random: Random, fits: (message: Message) => boolean): Message | undefined {
  const all = [...device.screen.messages.values()].flatMap((some) =>
    [...some.values()].filter(fits).slice(-6),
  );
  return all.length === 0 ? undefined : random.pick(all);
}

const recall: Move = ({ devices, say }, device, random) => {
  const isOwner = device === devices[0];
  const target = message(device, random, ({ own, conv }) => own || (isOwner && conv.startsWith('g')));
  if (target === undefined) return;
  say(`recalls ${target.conv}#${target.seq}`);
  device.do((client) => client.recall(target));
};

const change: Move = ({ say }, device, random, step) => {
  const kind = random.below(3);
  const target = message(device, random, ({ own }) => kind !== 0 || own);
  if (target === undefined) return;
  say(`${['edits', 'reacts to', 'pins'][kind] ?? ''} ${target.conv}#${target.seq}`);
  const on = random.chance(0.7);
  device.do(async ({ messages }) => {
    if (kind === 0) await messages.edit(target, `edited ${step}`);
    else if (kind === 1) await messages.react(target, '👍', on);
    else await messages.pin(target, on);
  });
};

const come: Move = ({ gids, say }, device, random) => {
  const [gid, isIn] = [random.pick(gids), random.chance(0.6)];
  say(`${isIn ? 'joins' : 'leaves'} ${gid}`);
  device.do(({ groups }) => (isIn ? groups.join(gid) : groups.exit(gid)));
};

const manage: Move = ({ devices, gids, uids, odd, say }, _, random) => {
  const [gid, uid, kind] = [random.pick(gids), random.pick(uids), random.below(100)];
  const owner = devices[0];
  if (owner === undefined) return;
  if (kind < 58) {
    say(`${uid} invited into ${gid}`);
    owner.do(({ groups }) => groups.invite(gid, [uid]));
  } else if (kind < 90) {
    say(`${uid} removed from ${gid}`);
    owner.do(({ groups }) => groups.remove(gid, [uid]));
  } else if (kind < 98) {
    const openHistory = random.chance(0.5);
    say(`history of ${gid} open: ${openHistory}`);
    odd.add(gid);
    owner.do(({ groups }) => groups.update(gid, { openHistory }));
  } else {
    say(`${gid} dissolved`);
    owner.do(({ groups }) => groups.dissolve(gid));
  }
};

const want: Move = ({ say }, device, random, step) => {
  const groups = device.client.conversations.all().filter(({ conv }) => conv.startsWith('g'));
  const all = device.client.conversations.all();
  if (all.length === 0) return;
  const ofGroup = groups.length > 0 && random.chance(0.8);
  const { conv } = random.pick(ofGroup ? groups : all);
  const on = random.chance(0.5);
  const change = random.pick([
    { interest: random.pick(INTERESTS) },
    { interest: random.pick(INTERESTS) },
    { interest: random.pick(INTERESTS) },
    { hidden: on },
    { muted: on },
    { pinned: on },
    { draft: `draft ${step}` },
  ]);
  // In a chat it is always `full`.
  if (!ofGroup && 'interest' in change) return;
  say(`wants ${conv} ${JSON.stringify(change)}`);
  device.do(({ conversations }) => conversations.set(conv, change));
};

const look: Move = ({ say }, { client }, random) => {
  const all = client.conversations.all();
  if (all.length === 0) return;
  const [{ conv }, isOpened] = [random.pick(all), random.chance(0.4)];
  say(`${isOpened ? 'opens' : 'closes'} ${conv}`);
  if (isOpened) client.conversations.open(conv);
  else client.conversations.close(conv);
};

const network: Move = ({ say }, device, random) => {
  const kind = random.pick(['cut', 'cut', 'deaf', 'dumb', 'away', 'heal', 'heal', 'lose'] as const);
  say(kind);
  if (kind === 'cut') device.cut();
  else if (kind === 'away') device.leave();
  else if (kind === 'heal') device.heal();
  else if (kind === 'lose') device.losing = 1 + random.below(3);
  else device.network = kind;
};

const restart: Move = async ({ say }, device, random) => {
  const dies = device.hasSaved && random.chance(0.5);
  say(dies ? 'dies' : 'restarts');
  device.network = 'good';
  await device.restart(dies);
};

/** Of a hundred. */
const MOVES: readonly (readonly [Move, number])[] = [
  [talk, 34],
  [read, 14],
  [recall, 8],
  [change, 6],
  [come, 8],
  [manage, 8],
  [want, 7],
  [look, 3],
  [network, 8],
  [restart, 4],
];

export async function moveOn(stage: Stage, random: Random, step: number): Promise<void> {
  const device = random.pick(stage.devices);
  const told = { ...stage, say: (line: string) => stage.say(`${step} ${device.name} ${line}`) };
  let drawn = random.below(100);
  for (const [move, weight] of MOVES) {
    if (drawn < weight) return move(told, device, random, step);
    drawn -= weight;
  }
}
