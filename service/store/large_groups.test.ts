/** What a large group and a long log cost a read: so many rows and no more, and what is answered then. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { imError } from '../../im/errors.js';
import { GroupScene } from '../../im/store/group_scene.contract.js';
import { PHONE, Scene, seq, stored, WEB } from '../../im/store/scene.contract.js';
import { EVENT_KIND } from '../../im/message/message.js';
import { AUDIENCE_WALK, EventReceipts } from './event_receipts.js';
import { storesOnThread, temporaryOptions, withDatabase } from './sqlite_factory.contract.js';

const FIRST_UID = 2_000_000;
const OTHERS = AUDIENCE_WALK + 1000;

async function open(t: TestContext) {
  const options = temporaryOptions(t);
  const scene = await Scene.open(storesOnThread(t, options, {}), 3);
  const group = await GroupScene.create(scene, [1, 2]);
  const counted = (count: number): string =>
    `WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ${count})`;
  const conv = withDatabase(options, (db) =>
    Number(db.prepare('SELECT id FROM conversation WHERE name = ?').first(group.conv)?.[0]),
  );
  return { options, scene, group, counted, conv };
}

test('receipts of a very large group look at so many members, say so, and are kept for a moment', async (t) => {
  const { options, scene, group, counted, conv } = await open(t);
  const { mid, seq: at } = stored((await group.append(group.message(0, 'a')))[0]);
  withDatabase(options, (db) => {
    db.exec(`${counted(OTHERS)} INSERT INTO group_member (gid, uid, role, alias, joined_seq, joined_at)
      SELECT ${group.gid}, ${FIRST_UID} + i, 3, x'', 1, 0 FROM s`);
    db.exec(`${counted(OTHERS)} INSERT INTO conversation_member (uid, conv, peer, since_seq, read_seq)
      SELECT ${FIRST_UID} + i, ${conv}, ${group.gid}, 1, ${at} FROM s`);
    db.exec(`UPDATE chat_group SET member_count = member_count + ${OTHERS} WHERE gid = ${group.gid}`);
  });
  let nowMs = 0;
  withDatabase(options, (db) => {
    const receipts = new EventReceipts(db, () => nowMs);
    const first = receipts.receipts(scene.uid(0), group.conv, mid);
    // Of the first so many by uid: the sender, two who have not read it, and others.
    assert.equal(first.isPartial, true);
    assert.deepEqual([first.audience, first.readCount], [AUDIENCE_WALK - 1, AUDIENCE_WALK - 3]);
    const read = (uid: number): void => {
      db.prepare('UPDATE conversation_member SET read_seq = ? WHERE uid = ? AND conv = ?').run(at, uid, conv);
    };
    read(scene.uid(1));
    assert.deepEqual(receipts.receipts(scene.uid(0), group.conv, mid), first, 'kept');
    nowMs = 2000;
    assert.equal(receipts.receipts(scene.uid(0), group.conv, mid).readCount, first.readCount + 1);
    assert.throws(() => receipts.receipts(scene.uid(2), group.conv, mid), imError('NO_PERMISSION'));
  });
});

test('receipts of a large group are after its end what they were, whatever its size', async (t) => {
  const { options, scene, group, counted, conv } = await open(t);
  const { mid, seq: at } = stored((await group.append(group.message(0, 'a')))[0]);
  const more = (first: number, count: number): void => {
    withDatabase(options, (db) => {
      db.exec(`${counted(count)} INSERT INTO group_member (gid, uid, role, alias, joined_seq, joined_at)
        SELECT ${group.gid}, ${first} + i, 3, x'', 1, 0 FROM s`);
      db.exec(`${counted(count)} INSERT INTO conversation_member (uid, conv, peer, since_seq, read_seq)
        SELECT ${first} + i, ${conv}, ${group.gid}, 1, ${at} FROM s`);
      db.exec(`UPDATE chat_group SET member_count = member_count + ${count} WHERE gid = ${group.gid}`);
    });
  };
  const receipts = () =>
    withDatabase(options, (db) => new EventReceipts(db).receipts(scene.uid(0), group.conv, mid));
  more(FIRST_UID, OTHERS);
  const before = receipts();
  assert.deepEqual([before.isPartial, before.deliveredCount, before.audience], [true, -1, AUDIENCE_WALK - 1]);
  const startMs = performance.now();
  await group.dissolve();
  assert.ok(performance.now() - startMs < 1000);
  assert.deepEqual(receipts(), before);
  const [found] = await scene.stores.groups.byGids([group.gid]);
  assert.deepEqual([found?.memberCount, found?.isDissolved], [0, true]);
});

test('behind very many events that do not count, what is unread is counted by its numbers', async (t) => {
  const { options, scene, group, counted, conv } = await open(t);
  const reactions = 20_000;
  const unread = async (): Promise<readonly number[]> => {
    const [state] = await scene.stores.messages.conversations(scene.uid(1), WEB, 1, group.conv);
    const totals = await scene.stores.events.unread(scene.uid(1));
    return [state?.unread ?? -1, totals.unread];
  };
  await group.say(0, 'a', 'b', 'c');
  assert.deepEqual(await unread(), [3, 3]);
  const addReactions = (): void => {
    withDatabase(options, (db) => {
      const [last, n] =
        db.prepare('SELECT last_seq, last_n FROM conversation WHERE id = ?').first(conv) ?? [];
      db.exec(`${counted(reactions)}
        INSERT INTO message (mid, conv, seq, n, kind, sender, device, client_id, type, content, sent_at, stored_at)
        SELECT ${10 ** 12} + ${Number(last)} + i, ${conv}, ${Number(last)} + i, ${Number(n)}, ${EVENT_KIND.reaction},
          ${scene.uid(2)}, 1, CAST('r' || (${Number(last)} + i) AS BLOB), 0, x'7b7d', 0, 0 FROM s`);
      db.exec(`UPDATE conversation SET last_seq = last_seq + ${reactions} WHERE id = ${conv}`);
    });
  };
  await group.say(1, 'his own');
  assert.deepEqual(await unread(), [3, 3]);
  addReactions();
  assert.deepEqual(await unread(), [4, 4], 'his own is not told apart any more: nobody looks so far');
  const late = await group.say(0, 'd');
  assert.deepEqual(await unread(), [5, 5]);
  await scene.stores.messages.mark([
    { uid: scene.uid(1), device: PHONE, conv: group.conv, from: seq(1), to: late, read: true },
  ]);
  addReactions();
  assert.deepEqual(await unread(), [0, 0]);
});
