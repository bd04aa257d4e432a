import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imError, type ErrorName } from '../errors.js';
import type { GroupDraft, Groups } from '../group/interface.js';
import type { Dialect } from '../message/encoder.js';
import { groupConversation } from '../message/conversation.js';
import { WORLD_GID } from '../message/group.js';
import { known, toDevice, toSeq, toUid, type Uid } from '../message/ids.js';
import { DEFAULT_SETTINGS } from '../message/settings.js';
import type { AppendAnswer, AppendListener, ConversationState } from '../store/interface.js';
import { WorldChannel } from './world_channel.js';
import { WorldUsher } from './world_usher.js';

const uid = (n: number): Uid => known(toUid(n));
const [alice, bob] = [uid(1), uid(2)];
const device = known(toDevice(2));
const SEQ = known(toSeq(1));
const ON = { worldChannel: true, worldChannelAtSignIn: true };

/** Of one who has been in it. */
const LEFT: ConversationState = {
  ...{ conv: groupConversation(WORLD_GID), peer: WORLD_GID, isMember: false, lastMid: 5, lastAtMs: 1 },
  ...{ createdAtMs: 1, firstSeq: SEQ, lastSeq: SEQ, deviceSeq: SEQ, deliveredSeq: SEQ, readSeq: SEQ },
  ...{ peerDeliveredSeq: SEQ, peerReadSeq: SEQ, unread: 0, mentions: 0 },
  settings: DEFAULT_SETTINGS,
};

function bench(options: Partial<typeof ON> = {}) {
  const warnings: string[] = [];
  const quiet = (): undefined => undefined;
  const made = {
    ...{ drafts: [] as GroupDraft[], asked: [] as Uid[], warnings },
    ...{ refusal: undefined as ErrorName | undefined, isBroken: false },
    /** Who has been in it, in whatever way that ended. */
    past: new Set<Uid>(),
  };
  const waiting: { listener: AppendListener<unknown>; draft: GroupDraft; context: unknown }[] = [];
  const groups: Pick<Groups, 'enqueue'> = {
    enqueue: (draft, listener, context) => {
      if (made.refusal !== undefined) return imError(made.refusal);
      made.drafts.push(draft);
      waiting.push({ listener, draft, context });
      return undefined;
    },
  };
  const usher = new WorldUsher(
    { ...ON, ...options },
    {
      world: new WorldChannel(ON, { groups }),
      store: {
        conversations: (who) => {
          made.asked.push(who);
          if (made.isBroken) return Promise.reject(imError('STORE_READ_ONLY'));
          return Promise.resolve(made.past.has(who) ? [LEFT] : []);
        },
      },
      logger: { error: quiet, warn: (_, text) => warnings.push(text), info: quiet, debug: quiet },
    },
  );
  const signIn = async (who: Uid, dialect: Dialect = 'web', isIn = false): Promise<void> => {
    usher.signedIn({ uid: who, device, dialect, isIn: (gid) => gid === WORLD_GID && isIn });
    await new Promise((resolve) => setImmediate(resolve));
  };
  const settle = (result: AppendAnswer = { outcome: 'changed' }): void => {
    for (const { listener, draft, context } of waiting.splice(0))
      listener.settled([{ draft, context, result }]);
  };
  return Object.assign(made, { signIn, settle });
}

const joined = (made: { readonly drafts: readonly GroupDraft[] }): readonly unknown[] =>
  made.drafts.map(({ change }) => (change?.kind === 'group' && change.do === 'add' ? change.uids : change));

test('an older web client is brought in once, however often it signs in meanwhile; nobody else is', async () => {
  const made = bench();
  await made.signIn(alice, 'modern');
  await made.signIn(alice, 'legacy');
  await made.signIn(bob, 'web', true);
  assert.deepEqual(made.asked, [], 'a member costs the store nothing');
  await made.signIn(alice);
  await made.signIn(alice);
  assert.deepEqual(joined(made), [[alice]]);
  made.settle();
  made.past.add(alice);
  await made.signIn(alice);
  assert.deepEqual(joined(made), [[alice]], 'whoever has left stays out');
});

test('switched off, or without such a group, it does nothing', async () => {
  for (const off of [{ worldChannelAtSignIn: false }, { worldChannel: false }]) {
    const made = bench(off);
    await made.signIn(alice);
    assert.deepEqual([made.asked, made.drafts], [[], []]);
  }
});

test('what fails is tried at the next sign-in, and so is who came in too great a crowd', async () => {
  const made = bench();
  made.isBroken = true;
  await made.signIn(alice);
  assert.equal(made.warnings.length, 1);
  made.isBroken = false;
  made.refusal = 'QUEUE_FULL';
  await made.signIn(alice);
  made.refusal = undefined;
  await made.signIn(alice);
  made.settle({ outcome: 'refused', error: 'GROUP_FULL' });
  await made.signIn(alice);
  assert.deepEqual(joined(made), [[alice], [alice]]);
  made.settle();
  made.drafts.length = 0;
  for (let n = 1; n <= 1001; n++) await made.signIn(uid(n));
  assert.equal(made.drafts.length, 1000);
  made.settle();
  await made.signIn(uid(1001));
  assert.equal(made.drafts.length, 1001);
});
