/** The steps that say who lost what when: nobody misses a loss of his time, and there are few of them. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { SqliteDatabase } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { plays } from '../../test/support/plays.js';
import { LogLosses, LOST_OF_LEFT, STEP_LIMIT } from './log_losses.js';
import { temporaryOptions } from './sqlite_factory.contract.js';
import { writerDatabase } from './sqlite_options.js';
import { migrateStore } from './store_schema.js';

const LAST = 120;

/** One who has left after each seq; he has that for a uid. */
function open(t: TestContext) {
  const db = new SqliteDatabase(writerDatabase(temporaryOptions(t)));
  t.after(() => db.close());
  migrateStore(db, true);
  const losses = new LogLosses(db);
  const make = db.prepare('INSERT INTO conversation (name, created_at) VALUES (?, 1) RETURNING id');
  const leave = db.prepare(
    'INSERT INTO conversation_member (uid, conv, peer, until_seq) VALUES (?1, ?2, 0, ?1)',
  );
  const lost = db.prepare(
    `SELECT m.until_seq, COALESCE(${LOST_OF_LEFT}, 0) FROM conversation_member m JOIN conversation c ON c.id = m.conv
     WHERE c.id = ?`,
  );
  const steps = db.prepare('SELECT COUNT(*) FROM log_loss WHERE conv = ?');
  let made = 0;
  return {
    conversation: (): number =>
      db.write(() => {
        const id = integerAt(make.first(`g${++made}`) ?? [], 0);
        for (let at = 1; at <= LAST; at += 1) leave.run(at, id);
        return id;
      }),
    note: (conv: number, seqs: readonly number[]): void =>
      db.write(() => seqs.forEach((seq, at) => losses.note(conv, seq, at + 1))),
    /** By who has left. */
    lost: (conv: number) => new Map(lost.all(conv).map((row) => [integerAt(row, 0), integerAt(row, 1)])),
    steps: (conv: number): number => integerAt(steps.first(conv) ?? [], 0),
  };
}

/** By seq: when something at or before it was lost last; times are places in the list. */
function wanted(seqs: readonly number[]): Map<number, number> {
  const ends = Array.from({ length: LAST }, (_, at) => at + 1);
  return new Map(ends.map((end) => [end, seqs.findLastIndex((seq) => seq <= end) + 1]));
}

test('whoever has left is told of every loss of his time, and of no other while the steps are few', (t) => {
  const { conversation, note, lost, steps } = open(t);
  const seqs = fc.array(fc.integer({ min: 1, max: LAST + 5 }), { maxLength: 80, size: 'max' });
  const plan = fc.oneof(
    seqs,
    seqs.map((list) => list.toSorted((a, b) => a - b)),
  );
  fc.assert(
    fc.property(plan, (list) => {
      const conv = conversation();
      note(conv, list);
      const [told, truth] = [lost(conv), wanted(list)];
      assert.ok(steps(conv) <= STEP_LIMIT);
      if (list.length <= STEP_LIMIT) assert.deepEqual(told, truth);
      for (const [end, at] of truth) assert.ok((told.get(end) ?? 0) >= at, `the loss ${at} for ${end}`);
    }),
    plays(100),
  );
});

test('with more steps than are kept the newest losses are still told to nobody else', (t) => {
  const { conversation, note, lost, steps } = open(t);
  const conv = conversation();
  const list = Array.from({ length: LAST }, (_, at) => at + 1);
  note(conv, list);
  assert.equal(steps(conv), STEP_LIMIT);
  const [told, truth] = [lost(conv), wanted(list)];
  const newest = list.slice(-STEP_LIMIT + 1);
  assert.deepEqual(
    newest.map((end) => told.get(end)),
    newest.map((end) => truth.get(end)),
  );
  for (const end of list.slice(0, -STEP_LIMIT + 1)) assert.equal(told.get(end), LAST - STEP_LIMIT + 1);
});
