/** For random plays: what may happen between people, a device of a public SDK and a server, and how that is set. */
import fc from 'fast-check';
import { chatConversation, groupConversation } from '../../message/conversation.js';
import { known, toGid, toUid } from '../../message/ids.js';
import type { Interest } from '../../message/settings.js';
import type { Origin } from './fake_device_log.js';
import { READER } from './fake_old_client.js';
import type { Network, WorldOptions } from './fake_old_world.js';

export const CHATS = [2, 3].map((uid) => chatConversation(READER, known(toUid(uid))));
export const GROUPS = [1, 2].map((number) => groupConversation(known(toGid(2 ** 30 + number))));
export const ALL = [...CHATS, ...GROUPS];

const kind = <Kind extends string>(name: Kind): fc.Arbitrary<Kind> => fc.constant(name);
const CONV = fc.nat(ALL.length - 1);
const GROUP = fc.nat(GROUPS.length - 1);
const ORIGIN = fc.constantFrom<Origin>('peer', 'device', 'elsewhere');
/** How word of something comes to the gateway. */
const HOW = fc.oneof(
  { weight: 6, arbitrary: kind('now') },
  { weight: 2, arbitrary: kind('late') },
  { weight: 1, arbitrary: kind('lost') },
);
export const STEP = fc.oneof(
  {
    weight: 16,
    arbitrary: fc.record({
      kind: kind('say'),
      conv: CONV,
      how: HOW,
      origin: fc.oneof({ weight: 5, arbitrary: kind('peer') }, { weight: 2, arbitrary: ORIGIN }),
      isWordless: fc.nat(9).map((n) => n === 0),
      count: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.nat(12) }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: kind('member'), group: GROUP, how: HOW, origin: ORIGIN }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('want'),
      group: GROUP,
      interest: fc.constantFrom<Interest>('full', 'count', 'muted', 'muted'),
      isLate: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: kind('bus'), isReversed: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: kind('ack'),
      which: fc.constantFrom('all', 'reversed', 'last', 'odd', 'list'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: kind('write') }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('pull'), isAcked: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kind('network'),
      to: fc.constantFrom<Network>('flows', 'flows', 'kernel', 'stuck'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind('pong'), isOn: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('enter') }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('enterAgain') }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('leave') }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('fail'), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('time'), ticks: fc.oneof(fc.nat(15), fc.constant(60)) }) },
  { weight: 6, arbitrary: fc.record({ kind: kind('wait'), turns: fc.nat(12) }) },
);
export type Step = typeof STEP extends fc.Arbitrary<infer Value> ? Value : never;

/** As it is set where nobody has set it. */
export const PAGES = {
  ...{ oldSdkPageCount: 200, oldSdkPagedConversations: 10_000, oldSdkReads: 16 },
  ...{ oldSdkConversations: 64, oldSdkBusyConversations: 1024, oldSdkUnacked: 256 },
};
export type Setting = WorldOptions & typeof PAGES;
export const SETTING: fc.Arbitrary<Setting> = fc.record({
  queueBytes: fc.constantFrom(262_144, 16_384),
  groupHoleEvents: fc.constantFrom(1000, 3),
  readTurns: fc.tuple(fc.nat(3), fc.nat(3)),
  oldSdkPageCount: fc.constantFrom(200, 3, 1),
  oldSdkPagedConversations: fc.constantFrom(10_000, 10_000, 10_000, 2),
  oldSdkConversations: fc.constantFrom(64, 2, 1),
  oldSdkBusyConversations: fc.constantFrom(1024, 3, 1),
  oldSdkUnacked: fc.constantFrom(256, 8, 2),
  oldSdkReads: fc.constantFrom(1, 16),
});
