/** The terminal chat as its users meet it: real server, real sockets, lines in and lines out. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { SailplaneClient } from '../../sdk/src/client.js';
import { HttpApi } from '../../sdk/src/http_api.js';
import { TestServer } from '../../test/support/server.js';
import { waitUntil } from '../../test/support/wait.js';
import { runChat } from './chat.js';
import { ChatSession } from './chat_session.js';
import { markOf, ownLine, peerLine, printable } from './chat_view.js';

/** One terminal: what is typed, what it shows, and how it ended. */
class Terminal {
  readonly #input = new PassThrough();
  #shown = '';
  #said = '';
  readonly ended: Promise<number>;

  constructor(args: readonly string[], how: { password?: string; isTTY?: boolean } = {}) {
    const { password = 'a password', isTTY = false } = how;
    const output = new PassThrough();
    const error = new PassThrough();
    output.on('data', (chunk: Buffer) => (this.#shown += chunk.toString()));
    error.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    this.ended = runChat(args, {
      input: Object.assign(this.#input, { isTTY }),
      output: Object.assign(output, { isTTY }),
      error,
      environment: { SAILPLANE_PASSWORD: password },
    });
  }

  get text(): string {
    return this.#shown;
  }

  get lines(): string[] {
    return this.#shown.split('\n').slice(0, -1);
  }

  get notices(): string {
    return this.#said;
  }

  type(...lines: readonly string[]): this {
    for (const line of lines) this.#input.write(`${line}\n`);
    return this;
  }

  /** For the end of a test that failed half-way. */
  leave(): Promise<number> {
    if (!this.#input.writableEnded) this.type('/quit');
    return this.finish();
  }

  /** The end of the input; resolves with the exit code. */
  finish(): Promise<number> {
    this.#input.end();
    return this.ended;
  }

  async sees(text: string): Promise<void> {
    await waitUntil(
      () => `«${text}», in:\n${this.#shown}\n${this.#said}`,
      () => this.#shown.includes(text),
    );
  }
}

/** Once `held` is set, holds the next request for a range back, and calls it. */
class HoldingSocket extends WebSocket {
  held: (() => void) | undefined;
  #frame: string | undefined;

  override send(data: string): void {
    if (this.held === undefined || !data.includes('api.msg.range')) {
      super.send(data);
      return;
    }
    this.#frame = data;
    this.held();
    this.held = undefined;
  }

  release(): void {
    if (this.#frame !== undefined) super.send(this.#frame);
  }
}

type Open = (account: string, ...more: readonly string[]) => Terminal;

function terminals(t: TestContext, server: TestServer): Open {
  return (account, ...more) => {
    const terminal = new Terminal(['--url', server.urls.http, '--account', account, ...more]);
    t.after(() => terminal.leave());
    return terminal;
  };
}

void test('piped lines are sent in order; it ends when all are stored, and says that the peer is offline', async (t) => {
  const open = terminals(t, await TestServer.start(t));
  assert.equal(await open('bob', '--register').finish(), 0);
  const alice = open('alice', '--register', '--to', 'bob').type('one', '', '//two', 'three');
  assert.equal(await alice.finish(), 0);
  const stored = alice.lines.filter((line) => line.endsWith('✓'));
  assert.deepEqual(stored, ['me: one ✓', 'me: /two ✓', 'me: three ✓']);
  assert.ok(alice.lines.includes('me: three ✓ offline'));
  const bob = open('bob').type('/history', 'hello alice');
  assert.equal(await bob.finish(), 0);
  const all = ['alice: one', 'alice: /two', 'alice: three'];
  assert.deepEqual(bob.lines.slice(0, 7), [...all, ...all, 'me: hello alice ✓']);
  const last = ['me: one ✓✓ read', 'me: /two ✓✓ read', 'me: three ✓✓ read', 'bob: hello alice'];
  // The server writes the marks of readers a little later.
  await waitUntil('alice to find everything read', async () => {
    const again = open('alice', '--to', 'bob');
    assert.equal(await again.finish(), 0);
    return again.lines.join() === last.join();
  });
});

void test('two terminals chat; the server is killed and comes back; nothing is missing', async (t) => {
  const server = await TestServer.start(t);
  const open = terminals(t, server);
  await open('bob', '--register').finish();
  const alice = open('alice', '--register', '--to', 'bob').type('are you there?');
  await alice.sees('are you there? ✓ offline');
  const bob = open('bob', '--to', 'alice');
  await bob.sees('alice: are you there?');
  await alice.sees('me: are you there? ✓✓ read');
  bob.type('yes');
  await alice.sees('bob: yes');
  await server.kill('SIGKILL');
  alice.type('said into the void');
  await server.restart();
  await bob.sees('alice: said into the void');
  await alice.sees('me: said into the void ✓✓ read');
  bob.type('heard');
  await alice.sees('bob: heard');
  assert.equal(await alice.finish(), 0);
  assert.equal(await bob.finish(), 0);
  for (const line of ['alice: are you there?', 'alice: said into the void']) {
    assert.equal(bob.lines.filter((shown) => shown === line).length, 1, line);
  }
});

void test('what the peer writes while the first history is fetched is shown, once and in order', async (t) => {
  const server = await TestServer.start(t);
  const api = new HttpApi({ url: server.urls.http });
  const signUp = async (account: string): Promise<string> => {
    await api.register({ account, password: 'a password', nickname: account });
    return (await api.signIn({ account, password: 'a password', device: 2 })).token;
  };
  const open = (token: string, webSocket: (url: string) => WebSocket): SailplaneClient =>
    new SailplaneClient({ url: server.urls.ws, token, webSocket });
  const alice = open(await signUp('alice'), (url) => new WebSocket(url));
  t.after(() => alice.close());
  await alice.connect();
  let socket: HoldingSocket | undefined;
  const bob = open(await signUp('bob'), (url) => (socket = new HoldingSocket(url)));
  const { Uid } = (await alice.call('user/find', { account: 'bob' })) as { Uid: number };
  await alice.sent(alice.send(Uid, 'before'));
  bob.on('message', ({ content }) => {
    if (content === 'meanwhile') socket?.release();
  });
  bob.on('synced', () => {
    if (socket !== undefined) socket.held = () => alice.send(Uid, 'meanwhile');
  });
  const input = new PassThrough();
  const output = new PassThrough();
  let shown = '';
  output.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  t.after(() => input.end());
  t.after(() => bob.close());
  const streams = { input, output, error: new PassThrough() };
  const ended = new ChatSession(bob, { io: { ...streams, environment: {} }, to: 'alice' }).run();
  await waitUntil('what came meanwhile', () => shown.includes('meanwhile'));
  await alice.sent(alice.send(Uid, 'after'));
  await waitUntil('what came later', () => shown.includes('after'));
  input.end();
  assert.equal(await ended, true);
  assert.deepEqual(shown.trim().split('\n'), ['alice: before', 'alice: meanwhile', 'alice: after']);
});

void test('what others write is shown with their name; /who and /to find them', async (t) => {
  const open = terminals(t, await TestServer.start(t));
  for (const account of ['bob', 'carol']) await open(account, '--register').finish();
  const alice = open('alice', '--register');
  await waitUntil('alice to be there', () => alice.notices.includes('nobody to write to'));
  await open('carol', '--to', 'alice').type('psst').finish();
  await alice.sees('carol: psst');
  alice.type('/to bob', 'hi', '/who', '/nonsense', '/to nobody');
  await alice.sees('me: hi ✓');
  await waitUntil('the error', () => alice.notices.includes('no such user'));
  assert.match(alice.notices, /carol \(\d+\)/);
  assert.match(alice.notices, /commands:/);
  assert.equal(await alice.finish(), 1, 'a script learns that a line of its failed');
});

void test('the other sign-in of the same device ends this one', async (t) => {
  const open = terminals(t, await TestServer.start(t));
  const first = open('alice', '--register', '--to', 'alice').type('note to self');
  await first.sees('me: note to self ✓');
  const second = open('alice', '--device', '4');
  assert.equal(await first.ended, 1);
  assert.match(first.notices, /signed out/);
  assert.equal(await second.finish(), 0);
});

void test('says what is wrong with arguments, password and server, and ends', async (t) => {
  const server = await TestServer.start(t);
  const open = terminals(t, server);
  await open('alice', '--register').finish();
  const wrong = new Terminal(['--url', server.urls.http, '--account', 'alice'], { password: 'wrong' });
  assert.equal(await wrong.ended, 1);
  assert.match(wrong.notices, /wrong account or password/);
  const none = new Terminal(['--url', server.urls.http, '--account', 'alice'], { password: '' });
  assert.equal(await none.ended, 1);
  assert.match(none.notices, /SAILPLANE_PASSWORD/);
  for (const args of [
    [],
    ['--account', 'a', '--device', '1024'],
    ['--account', 'a', '--url', 'x'],
    ['--sing'],
  ]) {
    const refused = new Terminal(args);
    assert.equal(await refused.ended, 2, args.join(' '));
    assert.match(refused.notices, /Usage/);
  }
});

void test('on a terminal there is a prompt, and incoming lines go above it', async (t) => {
  const server = await TestServer.start(t);
  const open = terminals(t, server);
  await open('bob', '--register').finish();
  const args = ['--url', server.urls.http, '--account', 'alice', '--register', '--to', 'bob'];
  const alice = new Terminal(args, { isTTY: true });
  await alice.sees('bob> ');
  await open('bob', '--to', 'alice').type('hello').finish();
  await alice.sees('bob: hello\nbob> '.replace('\n', '\n\u001b[1G\u001b[0J'));
  alice.type('/quit');
  assert.equal(await alice.ended, 0);
});

void test('a message cannot steer the terminal that shows it', () => {
  assert.equal(printable('a\u001b[2Jb\u009bc\r\u202ed\te'), 'a�[2Jb�c��d\te');
  assert.equal(peerLine('b\u0007', 'one\ntwo'), 'b�: one\n    two');
  assert.equal(ownLine('x', 'carol', markOf('failed', 'blocked')), 'me → carol: x ✗ blocked');
});

void test('/recall takes the last line back; the other side hears of it, and later readers see a blank', async (t) => {
  const open = terminals(t, await TestServer.start(t));
  assert.equal(await open('bob', '--register').finish(), 0);
  const writer = open('alice', '--register', '--to', 'bob').type('/recall', 'a slip');
  await writer.sees('me: a slip ✓');
  await waitUntil('the refusal', () => writer.notices.includes('nothing was said here'));
  const bob = open('bob', '--to', 'alice');
  await bob.sees('alice: a slip');
  writer.type('/recall');
  await waitUntil('the word of it', () => bob.notices.includes('alice took a message back'));
  await waitUntil('the own word of it', () => writer.notices.includes('you took a message back'));
  bob.type('/history');
  await bob.sees('alice: (taken back)');
});

void test('/create, /invite, /members, /leave and /join: a group from two terminals', async (t) => {
  const open = terminals(t, await TestServer.start(t));
  const bob = open('bob', '--register', '--to', 'bob');
  await bob.type('note').sees('me: note ✓');
  const alice = open('alice', '--register');
  await waitUntil('alice to be there', () => alice.notices.includes('nobody to write to'));
  alice.type('/members');
  await waitUntil('the refusal', () => alice.notices.includes('not in a group'));
  alice.type('/create crew', '/invite bob', 'welcome');
  await alice.sees('me: welcome ✓');
  await waitUntil('the notice', () => /alice brought you in/.test(bob.notices));
  await bob.sees('alice in crew: welcome');
  const [, gid = ''] = /group crew is (\d+)/.exec(alice.notices) ?? [];
  bob.type(`/to ${gid}`, 'thanks', '/members');
  await alice.sees('bob: thanks');
  await waitUntil('the members', () => /alice \(\d+\), owner/.test(bob.notices));
  bob.type('/leave');
  await waitUntil('the leaving', () => alice.notices.includes('bob left'));
  alice.type('without you');
  await alice.sees('me: without you ✓');
  bob.type(`/join ${gid}`);
  await waitUntil('the coming back', () => alice.notices.includes('bob joined'));
  alice.type('with you');
  await bob.sees('alice: with you');
  assert.ok(!bob.text.includes('without you'));
  assert.equal(alice.lines.filter((line) => line === 'me: welcome ✓').length, 1, 'accepted says nothing new');
  const late = open('alice', '--device', '7', '--to', gid).type('/quit');
  await late.sees('bob: thanks');
});
