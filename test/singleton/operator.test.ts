/** What the operator does from the command line takes effect on the running server at once. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { CLOSE_CODES, ERRORS } from '../../im/errors.js';
import { Chat, DEVICE } from '../support/chat.js';
import { sailplane, sailplaneOk } from '../support/command.js';
import { call, signIn } from '../support/http.js';
import { asObject, RawClient, WEB } from '../support/raw_client.js';
import { waitUntil } from '../support/wait.js';

test('ban: connections are closed at once, tokens and passwords are worthless; unban opens again', async (t) => {
  const chat = await Chat.start(t);
  const { server } = chat;
  const { urls, dataDir } = server;
  const folder = ['--data-dir', dataDir];
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const bobPhone = await chat.phone(bob);
  const annPhone = await chat.phone(ann, DEVICE.tablet);
  const { token } = await chat.signIn(ann, DEVICE.web);
  const web = await RawClient.connect(urls.ws, WEB);
  web.sendText(WEB.envelope('api.auth', 1, { token }));
  await waitUntil('the web client to be in', () => web.frames.length > 0);

  const shown = asObject(JSON.parse(await sailplaneOk(['user', 'ban', ann.account, ...folder])));
  assert.deepEqual([shown['uid'], shown['banned']], [ann.uid, true]);
  // Well below the regular look at the tokens, 30 s.
  const ended = await annPhone.expectConnection('ended', 5000);
  assert.ok('code' in ended && ended.code === CLOSE_CODES.BANNED.code, JSON.stringify(ended));
  assert.equal((await web.expectClose(5000)).code, CLOSE_CODES.BANNED.code);
  await waitUntil('the token to be worthless over HTTP', async () => {
    const answer = await call(urls.http, 'contacts/list', {}, token);
    return answer.code === ERRORS.UNAUTHENTICATED.code;
  });
  const { account, password } = ann;
  const refused = await call(urls.http, 'auth/signin', { Account: account, Password: password, Device: 2 });
  assert.equal(refused.code, ERRORS.BANNED.code, refused.text);
  const send = await bobPhone.sendAndWait(ann.uid, 'are you there?');
  assert.equal(send.state, 'failed', 'nobody can write to a closed account');

  const opened = asObject(JSON.parse(await sailplaneOk(['user', 'unban', '--uid', `${ann.uid}`, ...folder])));
  assert.equal(opened['banned'], false);
  const back = await signIn(urls.http, ann, DEVICE.tablet);
  const again = await chat.phoneWith(back.token, { name: 'ann again' }).connect();
  await bobPhone.sendAndWait(ann.uid, 'welcome back');
  await again.expectMessage('welcome back');
  const old = await call(urls.http, 'contacts/list', {}, token);
  assert.equal(old.code, ERRORS.UNAUTHENTICATED.code, 'a token from before the ban stays worthless');
});

test('ban: set while no server runs, it holds when one does', async (t) => {
  const chat = await Chat.start(t);
  const ann = await chat.person('ann');
  const { token } = await chat.signIn(ann, DEVICE.web);
  await chat.server.whileStopped(async (dataDir) => {
    await sailplaneOk(['user', 'ban', ann.account, '--data-dir', dataDir]);
    const shown = asObject(
      JSON.parse(await sailplaneOk(['user', 'show', ann.account, '--data-dir', dataDir])),
    );
    assert.deepEqual([shown['account'], shown['banned']], [ann.account, true]);
  });
  const answer = await call(chat.server.urls.http, 'contacts/list', {}, token);
  assert.equal(answer.code, ERRORS.UNAUTHENTICATED.code);
});

test('user: what does not exist is said so, with an exit code', async (t) => {
  const chat = await Chat.start(t);
  const folder = ['--data-dir', chat.server.dataDir];
  const missing = await sailplane(['user', 'ban', 'nobody', ...folder]);
  assert.deepEqual([missing.code, missing.error], [1, 'sailplane: no such user\n']);
  assert.equal((await sailplane(['user', 'show', '--uid', '5', ...folder])).code, 1);
  assert.equal((await sailplane(['user', 'ban', ...folder])).code, 2);
  assert.equal(
    (await sailplane(['user', 'show', 'x', '--data-dir', join(chat.server.dataDir, 'no')])).code,
    1,
  );
});

test('admin door: for its owner only, one line each way, nonsense is refused', async (t) => {
  const chat = await Chat.start(t);
  const path = join(chat.server.dataDir, 'admin.sock');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const ask = async (line: string): Promise<unknown> => {
    const socket = connect(path);
    let read = '';
    socket.setEncoding('utf8').on('data', (text) => (read += String(text)));
    socket.write(line);
    await waitUntil('the answer', () => read.endsWith('\n'));
    return JSON.parse(read);
  };
  assert.equal(asObject(await ask('{"do":"stats"}\n'))['ok'], true);
  for (const line of ['nonsense\n', '[]\n', '{"do":"user.ban"}\n', '{"do":"user.ban","uid":-1}\n', '{}\n'])
    assert.equal(asObject(await ask(line))['ok'], false, line);
  assert.equal(asObject(await ask('x'.repeat(10_000)))['ok'], false, 'too long a line');
  await chat.server.restart();
  assert.equal(asObject(await ask('{"do":"stats"}\n'))['ok'], true, 'after a kill the door is made anew');
});
