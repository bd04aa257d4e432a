/**
 * Groups over the real process: what is done by HTTP is heard on connections, the frames of the older clients do the
 * same, and what is refused is refused with its own code on both ways.
 */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { call, callOk, guest, type Guest } from '../support/http.js';
import { asObject, LEGACY, RawClient, WEB } from '../support/raw_client.js';
import { TestServer } from '../support/server.js';
import { waitUntil } from '../support/wait.js';

async function connected(
  t: TestContext,
  server: TestServer,
  who: Guest,
  wording = LEGACY,
): Promise<RawClient> {
  const client = await RawClient.connect(server.urls.ws, wording);
  t.after(() => client.terminate());
  await client.signIn(who.token);
  return client;
}

test('groups over the real process', async (t) => {
  const server = await TestServer.start(t);
  const { http } = server.urls;
  const [ann, bob, eve] = [await guest(http, 'ann'), await guest(http, 'bob'), await guest(http, 'eve')];
  const create = async (input: object = {}): Promise<number> => {
    const { Gid: gid } = asObject(await callOk(http, 'group/create', { Name: 'ours', ...input }, ann.token));
    assert.ok(typeof gid === 'number');
    return gid;
  };

  await t.test('who is brought in, removed or asks to be let in is heard of at once', async (t) => {
    const [annPhone, bobPhone] = [await connected(t, server, ann), await connected(t, server, bob)];
    const gid = await create({ joinMode: 'approval' });
    await callOk(http, 'group/members/invite', { Gid: gid, Uid: [bob.uid] }, ann.token);
    const contact = await waitUntil('the contact', () => bobPhone.heard('notify.contact').at(0));
    assert.deepEqual(
      [asObject(contact.data)['Id'], asObject(contact.data)['Type'], asObject(contact.data)['FromId']],
      [gid, 2, ann.uid],
    );
    const joined = await waitUntil('the notice', () =>
      annPhone.heard('notify.group').find(({ data }) => asObject(data)['Seq'] === 2),
    );
    assert.deepEqual(
      [asObject(joined.data)['Type'], asObject(asObject(joined.data)['Data'])['Uid']],
      [1, [bob.uid]],
    );
    await callOk(http, 'group/join', { Gid: gid, Comment: 'please' }, eve.token);
    const asked = await waitUntil('the request', () => annPhone.heard('notify.group.request').at(0));
    assert.equal(Number(asObject(asked.data)['From'] ?? asObject(asked.data)['from']), eve.uid);
    assert.deepEqual(bobPhone.heard('notify.group.request'), [], 'members are not asked');
    await callOk(http, 'group/members/remove', { Gid: gid, Uid: [bob.uid] }, ann.token);
    const removed = await waitUntil('his removal', () =>
      bobPhone.heard('notify.group').find(({ data }) => asObject(data)['Type'] === 2),
    );
    assert.deepEqual(asObject(asObject(removed.data)['Data'])['Uid'], [bob.uid]);
  });

  await t.test('the frames of the older clients, to the end of a membership', async (t) => {
    const gid = await create();
    const client = await connected(t, server, bob);
    const ask = async (action: string, data: object): Promise<readonly [string, unknown]> => {
      const frame = await client.ask(action, { Gid: gid, ...data });
      return [frame.action, frame.data];
    };
    assert.equal((await ask('api.group.join', {}))[0], 'api.success');
    assert.equal((await ask('api.group.member.add', { Uid: [eve.uid] }))[0], 'api.success', 'an open group');
    const [, members] = await ask('api.group.member.get', {});
    assert.ok(Array.isArray(members));
    assert.deepEqual(
      members.slice(1).map((row) => [asObject(row)['Uid'], asObject(row)['Type'], asObject(row)['Online']]),
      [
        [bob.uid, 3, true],
        [eve.uid, 3, false],
      ],
    );
    assert.equal((await ask('api.group.member.remove', { Uid: [eve.uid] }))[0], 'api.failed');
    assert.equal((await ask('api.group.exit', {}))[0], 'api.success');
    assert.equal((await ask('api.group.exit', {}))[0], 'api.failed');
    assert.equal((await ask('api.group.members', {}))[0], 'api.failed');
  });

  await t.test('a refusal has its own code by HTTP and on the connection, and changes nothing', async (t) => {
    const gid = await create({ joinMode: 'invite' });
    await callOk(http, 'group/members/invite', { gid, uid: bob.uid }, ann.token);
    const state = (): Promise<unknown> => callOk(http, 'msg/group/state', { gid }, ann.token);
    const before = await state();
    const { NO_PERMISSION, NOT_A_MEMBER, JOIN_NEEDS_INVITE, OWNER_MUST_STAY, NO_SUCH_GROUP } = ERRORS;
    for (const [who, path, input, error] of [
      [bob, 'group/update', { name: 'mine' }, NO_PERMISSION],
      [bob, 'group/members/remove', { uid: ann.uid }, NO_PERMISSION],
      [bob, 'group/dissolve', {}, NO_PERMISSION],
      [eve, 'group/members', {}, NOT_A_MEMBER],
      [eve, 'group/members/invite', { uid: eve.uid }, NOT_A_MEMBER],
      [eve, 'msg/group/history', {}, NOT_A_MEMBER],
      [eve, 'group/join', {}, JOIN_NEEDS_INVITE],
      [ann, 'group/exit', {}, OWNER_MUST_STAY],
      [ann, 'group/exit', { gid: 2 ** 31 - 1 }, NO_SUCH_GROUP],
    ] as const) {
      const { code } = await call(http, path, { gid, ...input }, who.token);
      assert.equal(code, error.code, path);
      const client = await connected(t, server, who, WEB);
      const { action, data } = await client.ask(`api.${path.replaceAll('/', '.')}`, { gid, ...input });
      assert.equal(action, 'api.failed', path);
      assert.ok(String(data).startsWith(error.text), `${path}: ${String(data)}`);
      client.terminate();
    }
    assert.deepEqual(await state(), before);
  });
});
