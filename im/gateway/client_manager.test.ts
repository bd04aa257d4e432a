import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { defaultsOf } from '../../pkg/config/option.js';
import { answerSizeOf } from '../api/operations.js';
import { CLOSE_CODES, ERRORS, imError, type CloseName } from '../errors.js';
import { toConversation } from '../message/conversation.js';
import { known, toDevice, toGid, toMid, toSeq, toUid, type Uid } from '../message/ids.js';
import { EVENT_KIND, type AuthUp, type DownFrame } from '../message/message.js';
import type { InboundFrame } from '../messaging/interface.js';
import { ClientManager } from './client_manager.js';
import { GATEWAY_OPTIONS, type GatewayOptions } from './gateway_options.js';
import type { Connection, SignedIn } from './interface.js';

const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};
const alice = known(toUid(1));
const bob = known(toUid(2));
const conv = known(toConversation('u1_2'));
const GROUP = known(toGid(2 ** 30 + 1));
const FIRST = known(toSeq(1));

/** A socket that takes its bytes when the test says so. */
class FakeConnection implements Connection {
  readonly remoteAddress = '127.0.0.1';
  readonly host = 'localhost';
  readonly format = { name: 'fake', pack: (text: string) => Buffer.from(text + '\n') };
  readonly id: number;
  text = '';
  closedWith: CloseName | undefined;
  isPaused = false;
  takesBytes = true;
  #pending: (() => void) | undefined;

  constructor(id: number) {
    this.id = id;
  }

  write(chunks: readonly Uint8Array[], done: () => void): void {
    this.text += Buffer.concat(chunks).toString();
    if (this.takesBytes) process.nextTick(done);
    else this.#pending = done;
  }

  take(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.();
  }

  probe(): undefined {
    return undefined;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  signedIn(): void {
    return;
  }

  close(reason: CloseName): void {
    this.closedWith = reason;
  }

  frames(): { action: string; seq: number; data: unknown }[] {
    const lines = this.text.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as { action: string; seq: number; data: unknown });
  }

  actions(): string[] {
    return this.frames().map(({ action }) => action);
  }
}

interface Bench {
  readonly manager: ClientManager;
  readonly inbound: InboundFrame[];
  /** Members of GROUP, whose log has one event. */
  readonly members: Uid[];
  /** Connections that PresenceSink counts. */
  readonly present: { count: number };
  readonly open: () => FakeConnection;
  readonly say: (connection: FakeConnection, frame: object) => void;
  /** token «uid/device/version», e.g. `1/2/1`. */
  readonly signIn: (token: string) => Promise<FakeConnection>;
}

function bench(t: TestContext, options: Partial<GatewayOptions> = {}): Bench {
  const inbound: InboundFrame[] = [];
  const members: Uid[] = [];
  const present = { count: 0 };
  let nextId = 1;
  const manager = new ClientManager(
    { ...defaultsOf(GATEWAY_OPTIONS), drainMs: 50, sweepMs: 10, ...options },
    {
      messaging: { handle: (frames) => inbound.push(...frames) },
      authenticator: {
        signIn: (request) => Promise.resolve(request).then(signedInBy),
        superseded: () => Promise.resolve([]),
        revoke: () => Promise.resolve(),
      },
      store: {
        sentBetween: (name, from) => {
          const sent = { mid: known(toMid(9)), seq: known(toSeq(3)), clientId: 'm9', conv: name, from };
          return Promise.resolve([sent]);
        },
        offlinePage: () => Promise.resolve([]),
        range: () => Promise.reject(imError('INTERNAL')),
        conversations: () => Promise.resolve([]),
        logOf: () => Promise.reject(imError('INTERNAL')),
      },
      receipts: { written: () => Promise.resolve() },
      groups: {
        memberships: async (uids) => {
          await new Promise((resolve) => setImmediate(resolve));
          const found = uids.filter((uid) => members.includes(uid));
          const memberships = found.map((uid) => ({
            uid,
            gid: GROUP,
            joinedSeq: FIRST,
            interest: 'full' as const,
          }));
          return { memberships, lastSeqs: [{ gid: GROUP, lastSeq: FIRST }] };
        },
      },
      presence: { came: () => (present.count += 1), went: () => (present.count -= 1) },
      dispatch: { deliver: () => Promise.resolve([]) },
      rates: { connection: () => ({ take: () => 0 }) },
      answerSize: answerSizeOf,
      cursors: { cursors: () => Promise.resolve([]) },
      logger: silent,
    },
  );
  manager.start();
  t.after(() => manager.close(0));
  const open = (): FakeConnection => {
    const connection = new FakeConnection(nextId++);
    manager.opened(connection);
    return connection;
  };
  const say = (connection: FakeConnection, frame: object): void => {
    const text = JSON.stringify(frame);
    manager.received(connection, text, text.length);
  };
  const signIn = async (token: string): Promise<FakeConnection> => {
    const connection = open();
    say(connection, { seq: 1, action: 'authenticate', data: { v: 1, token } });
    await settled();
    return connection;
  };
  return { manager, inbound, members, present, open, say, signIn };
}

function signedInBy({ token }: AuthUp): SignedIn {
  const [uid, device, version] = token.split('/').map(Number);
  if (version === undefined) throw imError('UNAUTHENTICATED');
  return {
    uid: known(toUid(uid)),
    device: known(toDevice(device)),
    tokenVersion: version,
    tokenExpiresAtMs: Date.now() + 60_000,
    heartbeatMs: 0,
    answer: { uid },
  };
}

/** A few turns of the loop: promises, flushes and their callbacks. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function until(condition: () => boolean): Promise<void> {
  const endAtMs = performance.now() + 5000;
  while (!condition()) {
    assert.ok(performance.now() < endAtMs, 'waited too long');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function push(seq: number, content: string): DownFrame {
  const event = {
    conv,
    seq: known(toSeq(seq)),
    mid: known(toMid(seq)),
    clientId: `c${seq}`,
    from: alice,
    to: bob,
    kind: EVENT_KIND.message,
    type: 1,
    content,
    sentAtMs: 1,
    storedAtMs: 1,
    status: 0,
  };
  return { kind: 'push', event, after: known(toSeq(seq - 1)) };
}

test('frames that come while the token is checked are handled after it, in order', async (t) => {
  const { open, say, inbound } = bench(t);
  const connection = open();
  say(connection, { seq: 1, action: 'authenticate', data: { v: 1, token: '1/1/1' } });
  for (const n of [1, 2, 3])
    say(connection, { action: 'message.chat', data: { cliMid: `c${n}`, to: 2, content: 'x' } });
  assert.equal(inbound.length, 0);
  assert.ok(connection.isPaused);
  await settled();
  assert.deepEqual(
    inbound.map(({ frame, uid }) => [uid, frame.kind === 'chat' && frame.clientId]),
    [
      [1, 'c1'],
      [1, 'c2'],
      [1, 'c3'],
    ],
  );
  assert.ok(!connection.isPaused);
  assert.deepEqual(connection.actions(), ['notify.success']);
});

test('before signing in, messages fail with a code by profile, and the connection is closed in time', async (t) => {
  const { open, say } = bench(t, { signInDeadlineMs: 20 });
  const web = open();
  const legacy = open();
  say(web, { seq: 4, action: 'message.chat', data: { cliMid: 'c', to: 2 } });
  say(legacy, { Seq: 0, Action: 'message.chat', Data: { Mid: 7, To: 2 } });
  await settled();
  assert.deepEqual(web.frames()[0], {
    ver: 1,
    seq: 4,
    action: 'notify.error',
    data: ERRORS.NOT_SIGNED_IN.text,
  });
  assert.match(legacy.text, /"Action":"message.failed.send","Data":\{"Mid":7\}/);
  await until(() => web.closedWith === 'NOT_SIGNED_IN' && legacy.closedWith === 'NOT_SIGNED_IN');
});

test('a refused token leaves the connection open and signed out', async (t) => {
  const { signIn, say } = bench(t);
  const connection = await signIn('nonsense');
  say(connection, { seq: 2, action: 'authenticate', data: { v: 1, token: '1/1/1' } });
  await settled();
  const [refused, accepted] = connection.frames();
  assert.equal((refused?.data as { code: number }).code, ERRORS.UNAUTHENTICATED.code);
  assert.equal(accepted?.action, 'notify.success');
});

test('two connections of one device: the newer token wins, whichever comes later', async (t) => {
  const { signIn, manager } = bench(t);
  const older = await signIn('1/1/1');
  const newer = await signIn('1/1/2');
  const late = await signIn('1/1/1');
  await settled();
  assert.equal(older.closedWith, 'KICKED');
  assert.deepEqual(older.actions(), ['notify.success', 'notify.kickout']);
  assert.equal(newer.closedWith, undefined);
  assert.deepEqual(late.actions(), ['notify.error']);
  const outcome = await manager.deliver([{ frame: push(1, 'x'), recipients: [{ uid: alice }] }]);
  assert.deepEqual(outcome, [{ absent: [] }]);
  assert.ok(newer.actions().length === 1 || newer.actions().at(-1) === 'message.chat');
});

test('the same token again replaces the older connection, without a kickout', async (t) => {
  const { signIn } = bench(t);
  const first = await signIn('1/1/1');
  const second = await signIn('1/1/1');
  await settled();
  assert.equal(first.closedWith, 'REPLACED');
  assert.ok(!first.actions().includes('notify.kickout'));
  assert.equal(second.closedWith, undefined);
});

test('a connection that goes, however and whenever, leaves no place in a group and nobody present', async (t) => {
  const { manager, members, present, open, say, signIn } = bench(t);
  members.push(alice);
  const counts = (): number[] => [present.count, manager.stats().groups.slotCount];
  const signingIn = open();
  say(signingIn, { seq: 1, action: 'authenticate', data: { v: 1, token: '1/2/1' } });
  await Promise.resolve();
  manager.closed(signingIn, false);
  await settled();
  assert.deepEqual(counts(), [0, 0], 'gone while its groups were read');
  const first = await signIn('1/2/1');
  assert.deepEqual(counts(), [1, 1]);
  say(first, { seq: 2, action: 'authenticate', data: { v: 1, token: '1/2/1' } });
  await settled();
  assert.deepEqual(counts(), [1, 1], 'the same again');
  const second = await signIn('1/2/1');
  assert.deepEqual(counts(), [1, 1], 'replaced, and still closing');
  manager.closed(first, true);
  assert.deepEqual(counts(), [1, 1]);
  await manager.kick([{ uid: alice, belowVersion: 2, reason: 'KICKED' }]);
  assert.deepEqual(counts(), [0, 0], 'kicked, and still closing');
  manager.closed(second, true);
  const third = await signIn('1/2/2');
  assert.deepEqual(counts(), [1, 1]);
  manager.closed(third, false);
  assert.deepEqual(counts(), [0, 0]);
});

test('a sign-in that was checked before a kick and bound after it is refused', async (t) => {
  const { open, say, manager } = bench(t);
  const connection = open();
  say(connection, { seq: 1, action: 'authenticate', data: { v: 1, token: '1/1/1' } });
  await manager.kick([{ uid: alice, device: known(toDevice(1)), belowVersion: 2, reason: 'KICKED' }]);
  await settled();
  assert.deepEqual(connection.actions(), ['notify.error']);
});

test('a delivery names who is absent, and passes the sending device by', async (t) => {
  const { signIn, manager } = bench(t);
  const phone = await signIn('1/1/1');
  const tablet = await signIn('1/2/1');
  const [first] = await manager.deliver([
    { frame: push(1, 'x'), recipients: [{ uid: bob }, { uid: alice, exceptDevice: known(toDevice(1)) }] },
  ]);
  await settled();
  assert.deepEqual(first, { absent: [bob] });
  assert.ok(!phone.actions().includes('message.chat'));
  assert.ok(tablet.actions().includes('message.chat'));
});

test('too much unanswered: the socket is not read until answers come, and nothing is lost or reordered', async (t) => {
  const { signIn, say, inbound, manager } = bench(t, { unansweredCount: 4 });
  const connection = await signIn('1/1/1');
  for (let n = 0; n < 10; n++) say(connection, { action: 'message.chat', data: { cliMid: `c${n}`, to: 2 } });
  assert.equal(inbound.length, 4);
  assert.ok(connection.isPaused);
  for (let answered = 0; answered < 10; answered++) {
    const { bytes } = known(inbound[answered]);
    manager.reply([{ connection: connection.id, frame: undefined, ends: true, bytes }]);
  }
  assert.deepEqual(
    inbound.map(({ frame }) => frame.kind === 'chat' && frame.clientId),
    Array.from({ length: 10 }, (_, n) => `c${n}`),
  );
  assert.ok(!connection.isPaused);
});

test('a client that stops reading is marked and announced once it reads; others are undisturbed; memory is bounded', async (t) => {
  const { signIn, manager } = bench(t, { queueBytes: 20_000 });
  const slow = await signIn('2/1/1');
  const quick = await signIn('2/2/1');
  slow.takesBytes = false;
  for (let seq = 1; seq <= 100; seq++) {
    await manager.deliver([{ frame: push(seq, 'x'.repeat(1000)), recipients: [{ uid: bob }] }]);
    await settled();
  }
  const isPush = (action: string): boolean => action === 'message.chat';
  assert.equal(quick.actions().filter(isPush).length, 100);
  assert.ok(slow.text.length < 21_000);
  assert.ok(manager.stats().letGoCount > 70);
  slow.takesBytes = true;
  slow.take();
  await settled();
  const announced = slow.frames().filter(({ action }) => action === 'notify.sync');
  assert.deepEqual(
    announced.map(({ data }) => data),
    [{ conversations: [conv] }],
  );
  const seqs = slow
    .frames()
    .filter(({ action }) => isPush(action))
    .map(({ data }) => (data as { seq: number }).seq);
  assert.deepEqual(
    seqs,
    seqs.map((_, index) => index + 1),
    'what was sent is a prefix: nothing overtook a hole',
  );
});

test('one that takes no byte is closed', async (t) => {
  const { signIn, manager } = bench(t, { stuckMs: 20 });
  const stuck = await signIn('2/1/1');
  stuck.takesBytes = false;
  await manager.deliver([{ frame: push(1, 'x'), recipients: [{ uid: bob }] }]);
  await until(() => stuck.closedWith === 'TOO_SLOW');
  const { code }: { code: number } = CLOSE_CODES.TOO_SLOW;
  assert.ok(code < 4500, 'it may come back');
});

test('a kicked connection gets its last answers before it is closed', async (t) => {
  const { signIn, say, manager, inbound } = bench(t);
  const connection = await signIn('1/1/1');
  say(connection, { action: 'message.chat', data: { cliMid: 'c', to: 2 } });
  await manager.kick([{ uid: alice, belowVersion: 9, reason: 'TOKEN_INVALID' }]);
  await settled();
  assert.equal(connection.closedWith, undefined);
  const error = { code: 1, message: 'late', temporary: false, retryAfterMs: 0 };
  const frame = { kind: 'failed', echo: 0, mid: 0, clientId: 'c', error } as const;
  manager.reply([{ connection: connection.id, frame, ends: true, bytes: known(inbound[0]).bytes }]);
  await settled();
  assert.ok(connection.actions().includes('message.failed.send'));
  assert.equal(connection.closedWith, 'TOKEN_INVALID');
});

test('receipts reach an old client by mid, ours by interval', async (t) => {
  const { signIn, open, say, manager } = bench(t);
  const ours = await signIn('1/1/1');
  const java = open();
  say(java, { Seq: 1, Action: 'api.user.auth', Data: { Token: '1/2/1' } });
  await settled();
  const [from, to] = [known(toSeq(1)), known(toSeq(3))];
  const frame = { kind: 'receipt', conv, from, to, state: 'received', by: bob, messages: undefined } as const;
  await manager.deliver([{ frame, recipients: [{ uid: alice }] }]);
  await settled();
  assert.deepEqual(ours.frames().at(-1)?.data, { conv, from: 1, to: 3, state: 'received', by: '2' });
  assert.match(java.text, /"Action":"ack.notify","Data":\{"Seq":3,"Mid":9,"From":2\}/);
});

test('malformed frames cost themselves, and at last their connection', async (t) => {
  const { signIn, manager, say, inbound } = bench(t, { badFrames: 5 });
  const connection = await signIn('1/1/1');
  for (let n = 0; n < 4; n++) manager.received(connection, '{', 1);
  say(connection, { action: 'message.chat', data: { cliMid: 'c', to: 2 } });
  assert.equal(inbound.length, 1);
  manager.received(connection, '[]', 2);
  assert.equal(known(inbound[0]).uid, alice);
  manager.reply([
    { connection: connection.id, frame: undefined, ends: true, bytes: known(inbound[0]).bytes },
  ]);
  await until(() => connection.closedWith === 'BAD_FRAMES');
});

test('a password sign-in on a connection that is signed in is refused, and the connection lives', async (t) => {
  const { signIn, say } = bench(t);
  const connection = await signIn('1/1/1');
  say(connection, { seq: 5, action: 'api.user.login', data: { account: 'a', password: 'p' } });
  await settled();
  const answer = connection.frames().at(-1);
  assert.deepEqual([answer?.action, answer?.seq], ['api.failed', 5]);
  assert.equal((answer?.data as { code: number }).code, ERRORS.ALREADY_SIGNED_IN.code);
  assert.equal(connection.closedWith, undefined);
});

test('large answers: one under way for each connection, and a bound for all connections', async (t) => {
  const { signIn, say, inbound } = bench(t, { totalBytes: 20 << 20 });
  const connections = [await signIn('1/1/1'), await signIn('1/2/1'), await signIn('1/3/1')];
  for (const connection of connections) {
    for (const seq of [7, 8]) say(connection, { seq, action: 'api.msg.chat.offline', data: {} });
  }
  await settled();
  assert.equal(inbound.length, 2, 'the second of each waits, the third connection is refused');
  const refused = known(connections[2])
    .frames()
    .filter(({ action }) => action === 'api.failed');
  assert.deepEqual(
    refused.map(({ data }) => (data as { code: number }).code),
    [ERRORS.TOO_BUSY.code, ERRORS.TOO_BUSY.code],
  );
});

test('answers count by what their operation may weigh: one of contacts stands for megabytes, one of a mid does not', async (t) => {
  const { signIn, say, inbound } = bench(t, { totalBytes: 12 << 20 });
  const [one, two] = [await signIn('1/1/1'), await signIn('1/2/1')];
  say(one, { seq: 7, action: 'api.contacts.get', data: {} });
  say(two, { seq: 7, action: 'api.contacts.list', data: {} });
  say(two, { seq: 8, action: 'api.msg.id', data: {} });
  await settled();
  assert.equal(inbound.length, 2);
  const refused = two.frames().filter(({ action }) => action === 'api.failed');
  assert.deepEqual(
    refused.map(({ seq, data }) => [seq, (data as { code: number }).code]),
    [[7, ERRORS.TOO_BUSY.code]],
  );
});

test('notices that do not fit an old client are counted, and not as losses that nobody detects', async (t) => {
  const { open, say, manager } = bench(t, { queueBytes: 20_000 });
  const old = open();
  say(old, { seq: 1, action: 'api.auth', data: { token: '2/1/1' } });
  await settled();
  old.takesBytes = false;
  for (let n = 0; n < 1000; n++)
    await manager.deliver([
      { frame: { kind: 'contact', id: alice, from: alice }, recipients: [{ uid: bob }] },
    ]);
  const { droppedNoticeCount, undetectedDropCount } = manager.stats();
  assert.ok(droppedNoticeCount > 500, String(droppedNoticeCount));
  assert.equal(undetectedDropCount, 0);
});
