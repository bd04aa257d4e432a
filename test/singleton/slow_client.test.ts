/**
 * A client that does not take what it is sent costs the server a bounded amount of memory and nobody else
 * anything: what does not fit is let go and announced once it reads again; who takes no byte at all is closed.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { CLOSE_CODES } from '../../im/errors.js';
import { register, signIn, type SignedInAccount } from '../support/http.js';
import { asObject, RawClient, WEB } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { waitUntil } from '../support/wait.js';

const CONTENT = 'x'.repeat(30_000);
/** More than the two kernels' socket buffers and the server's queue take together (some 15 MB on loopback). */
const FLOOD_COUNT = 3000;
const WARM_UP_COUNT = 1500;
/** Unanswered messages of a flood, and ahead of a reader who reads: less than his queue takes, so he gets them all. */
const WINDOW = 6;
/** A server that kept the flood would grow by all of it; what garbage collection leaves behind is far less. */
const GROWTH_LIMIT_BYTES = (FLOOD_COUNT * CONTENT.length) / 2;

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

async function connectModern(server: TestServer, who: SignedInAccount): Promise<RawClient> {
  const client = await RawClient.connect(server.urls.ws, WEB);
  const answer = await client.ask('authenticate', { version: 1, v: 1, caps: [], credential: who.token });
  assert.equal(answer.action, 'notify.success');
  return client;
}

/** Sends `count` large messages, at most WINDOW unanswered, or unread by `reader`; resolves with every ack in. */
async function flood(
  client: RawClient,
  from: SignedInAccount,
  to: SignedInAccount,
  count: number,
  reader?: RawClient,
): Promise<void> {
  const before = client.heard('ack.message').length;
  const unreadBefore = reader?.heard('message.chat').length ?? 0;
  const readCount = (): number => (reader?.heard('message.chat').length ?? Infinity) - unreadBefore;
  for (let sent = 0; sent < count; sent++) {
    const clientId = crypto.randomUUID();
    client.chat({ from: from.uid, to: to.uid, content: CONTENT, mid: 0, clientId, atMs: Date.now() });
    await waitUntil('acks', () => sent - (client.heard('ack.message').length - before) < WINDOW);
    await waitUntil('the reader', () => sent - readCount() < WINDOW);
  }
  await waitUntil('the last acks', () => client.heard('ack.message').length - before === count);
}

for (const stuckMs of [60_000, 1000]) {
  const isClosed = stuckMs < 60_000;
  const name = isClosed
    ? 'one that takes no byte is closed'
    : 'one that stops reading is marked and announced';
  test(name, async (t) => {
    const server = await TestServer.start(t, {
      flags: { 'gateway-stuck-ms': stuckMs, 'gateway-sweep-ms': 50 },
    });
    const { http } = server.urls;
    const join = async (who: string): Promise<SignedInAccount> => signIn(http, await register(http, who), 2);
    const [ann, bob, carol] = [await join('ann'), await join('bob'), await join('carol')];
    const [sender, slow, quick] = [
      await connectModern(server, ann),
      await connectModern(server, bob),
      await connectModern(server, carol),
    ];
    t.after(() => [sender, slow, quick].forEach((client) => client.terminate()));
    // The same load to somebody who reads first: what caches and the heap take for it is no part of the measure.
    await flood(sender, ann, carol, WARM_UP_COUNT, quick);
    const beforeBytes = await residentBytes(server.pid);

    slow.stopReading();
    await flood(sender, ann, bob, FLOOD_COUNT);
    const grownBytes = (await residentBytes(server.pid)) - beforeBytes;
    assert.ok(grownBytes < GROWTH_LIMIT_BYTES, `the server grew by ${grownBytes} bytes`);

    const clientId = crypto.randomUUID();
    sender.chat({ from: ann.uid, to: carol.uid, content: 'still here', mid: 0, clientId, atMs: Date.now() });
    await quick.expect('message.chat', (data) => data['content'] === 'still here');
    assert.equal(quick.heard('message.chat').length, WARM_UP_COUNT + 1, 'others got everything');

    if (isClosed) {
      // Only a peer without any connection is «offline»: so the server has let go of it.
      await waitUntil('the server to have dropped it', async () => {
        await flood(sender, ann, bob, 1);
        return sender.heard('ack.notify').some(({ data }) => asObject(data)['state'] === 'offline');
      });
      slow.goOnReading();
      const { code } = await slow.expectClose();
      assert.ok(code === CLOSE_CODES.TOO_SLOW.code || code === 1006, `closed with ${code}`);
      return;
    }
    slow.goOnReading();
    const conv = `u${ann.uid}_${bob.uid}`;
    const announcement = await slow.expect('notify.sync', undefined, 20_000);
    assert.deepEqual(asObject(announcement.data)['conversations'], [conv]);
    const pushed = slow.heard('message.chat').map(({ data }) => Number(asObject(data)['seq']));
    assert.ok(pushed.length < FLOOD_COUNT, 'some were let go');
    assert.deepEqual(
      pushed,
      pushed.map((_, index) => index + 1),
      'what did come is the beginning, without a hole',
    );
    assert.equal(slow.heard('notify.sync').length, 1, 'announced once');
    const answer = await slow.ask('api.msg.range', { conv, from: FLOOD_COUNT - 1, to: FLOOD_COUNT });
    assert.equal(answer.action, 'api.success', 'and what was let go can be fetched');
    sender.chat({
      from: ann.uid,
      to: bob.uid,
      content: 'welcome back',
      mid: 0,
      clientId: 'back',
      atMs: Date.now(),
    });
    await slow.expect('message.chat', (data) => data['content'] === 'welcome back');
  });
}
