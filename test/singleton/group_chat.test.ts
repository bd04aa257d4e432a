/**
 * A group whose members speak by the three kinds of client: messages both ways and to other devices, recalls, who comes
 * and goes, retries, refusals, the world channel. Byte shapes are in im/message/group_codec.test.ts.
 */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { ERRORS } from '../../im/errors.js';
import { WORLD_GID, WORLD_NAME } from '../../im/message/group.js';
import { Person, type PersonKind, type Shown } from '../support/group_people.js';
import { asObject } from '../support/raw_client.js';
import { TestServer, type ServerOptions } from '../support/server.js';
import { expectQuiet, waitUntil } from '../support/wait.js';

const QUIET_MS = 300;

interface Stage {
  readonly server: TestServer;
  readonly gid: number;
  /** The owner. */
  readonly java: Person;
  readonly web: Person;
  readonly ours: Person;
  readonly all: readonly Person[];
}

/** A group made by a Java phone, the others brought in; everybody has seen that. */
async function stage(t: TestContext, flags: ServerOptions['flags'] = {}): Promise<Stage> {
  const server = await TestServer.start(t, { flags });
  const enter = async (kind: PersonKind): Promise<Person> => {
    const person = await Person.enter(server.urls, kind);
    t.after(() => person.close());
    return person;
  };
  const java = await enter('legacy');
  const web = await enter('web');
  const ours = await enter('modern');
  const gid = await java.createGroup();
  await java.call('group/members/invite', { Gid: gid, Uid: [web.uid, ours.uid] });
  const all = [java, web, ours];
  for (const person of all) await person.see(gid, 'the notice', (shown) => namesOf(shown).includes(ours.uid));
  return { server, gid, java, web, ours, all };
}

/** Whom a notice of somebody's coming or going names. */
function namesOf({ action, type, content, data }: Shown): readonly number[] {
  const listed = asObject(data['Data'] ?? data['notice'] ?? {});
  const uids = listed['Uid'] ?? listed['uids'];
  if (Array.isArray(uids)) return uids.map(Number);
  return action === 'message.group' && (type === 100 || type === 101) ? [Number(content)] : [];
}

async function otherDevice(t: TestContext, server: TestServer, of: Person): Promise<Person> {
  const kind = of.kind === 'modern' ? 'web' : 'modern';
  const device = await Person.connect(server.urls, kind, of.account);
  t.after(() => device.close());
  return device;
}

test('three kinds of client chat both ways: one order, each in its own words, other devices too', async (t) => {
  const { server, gid, all } = await stage(t);
  const others = await Promise.all(all.map((person) => otherDevice(t, server, person)));
  const numbers: number[] = [];
  for (const person of all) numbers.push((await person.send(gid, `by ${person.kind}`)).seq);
  const [first = 0] = numbers;
  assert.deepEqual(numbers, [first, first + 1, first + 2], 'contiguous');
  for (const reader of [...all, ...others]) {
    const texts = all.filter((person) => person !== reader).map(({ kind }) => `by ${kind}`);
    for (const text of texts) {
      const shown = await reader.seeContent(gid, text);
      const sender = all.find(({ kind }) => text === `by ${kind}`);
      assert.deepEqual([shown.from, shown.action, shown.type], [sender?.uid, 'message.group', 1]);
      assert.equal(shown.seq, numbers[all.findIndex((one) => one === sender)]);
    }
    await expectQuiet(QUIET_MS, () => {
      const contents = reader.contents(gid);
      return contents.length > texts.length ? `also shown: ${contents.join(', ')}` : undefined;
    });
    assert.deepEqual(reader.contents(gid), texts, 'in the order of the log, once, not one’s own');
  }
});

test('a retry is the same message: the answers again with the same numbers, no second push', async (t) => {
  const { gid, all } = await stage(t);
  for (const person of all) {
    const first = await person.send(gid, `once by ${person.kind}`);
    const again = await person.send(gid, `once by ${person.kind}`, first);
    assert.deepEqual([again.mid, again.seq], [first.mid, first.seq]);
  }
  for (const reader of all) {
    const texts = all.filter((person) => person !== reader).map(({ kind }) => `once by ${kind}`);
    await waitUntil('both', () => reader.contents(gid).length >= 2);
    await expectQuiet(QUIET_MS, () => (reader.contents(gid).length > 2 ? 'a second push' : undefined));
    assert.deepEqual(reader.contents(gid), texts);
  }
});

test('a recall in each one’s words; the owner’s of anybody’s, nobody else’s of another’s', async (t) => {
  const { gid, java, web, ours, all } = await stage(t);
  const recalledAt = (reader: Person, mid: number): Promise<Shown> =>
    reader.see(gid, 'the recall', (shown) =>
      reader.kind === 'legacy'
        ? shown.type === 100 && asObject(JSON.parse(shown.content))['Mid'] === mid
        : shown.action === 'message.group.recall' && shown.mid === mid && shown.status === 3,
    );
  for (const person of all) {
    const sent = await person.send(gid, `slip by ${person.kind}`);
    const answer = await person.recall(gid, sent);
    assert.equal(answer.action, 'ack.message');
    for (const reader of all) if (reader !== person) await recalledAt(reader, sent.mid);
  }
  const kept = await java.send(gid, 'stays');
  const refused = await ours.recall(gid, kept);
  assert.equal(asObject(refused.data)['code'], ERRORS.NO_PERMISSION.code);
  const bad = await web.send(gid, 'removed by the owner');
  await java.recall(gid, bad);
  for (const reader of [web, ours]) await recalledAt(reader, bad.mid);
  assert.ok(
    web
      .shown(gid)
      .every(({ action, type, content }) => action !== 'message.group' || type !== 100 || content !== ''),
  );
});

test('who comes and who goes is told in each profile; the invited hears of the group; the removed hears no more', async (t) => {
  const { server, gid, java, web, ours, all } = await stage(t);
  const eve = await Person.enter(server.urls, 'modern');
  t.after(() => eve.close());
  await java.call('group/members/invite', { Gid: gid, Uid: [eve.uid] });
  const contact = await eve.client.expect('notify.contact');
  const { id, type, from } = asObject(contact.data);
  assert.deepEqual([id, type, from], [String(gid), 2, String(java.uid)]);
  const TYPES: Readonly<Record<PersonKind, readonly [unknown, unknown]>> = {
    ...{ legacy: [1, 2], web: [100, 101], modern: ['joined', 'removed'] },
  };
  const typeOf = ({ data, type: number }: Shown): unknown =>
    data['notice'] === undefined ? number : asObject(data['notice'])['type'];
  for (const person of [...all, eve]) {
    const joined = await person.see(gid, 'her coming', (shown) => namesOf(shown).includes(eve.uid));
    assert.equal(typeOf(joined), TYPES[person.kind][0], person.kind);
  }
  await eve.send(gid, 'hello');
  await java.call('group/members/remove', { Gid: gid, Uid: [eve.uid] });
  for (const person of [...all, eve]) {
    await person.see(
      gid,
      'her going',
      (shown) => namesOf(shown).includes(eve.uid) && typeOf(shown) === TYPES[person.kind][1],
    );
  }
  const last = eve.shown(gid).length;
  await ours.send(gid, 'behind her back');
  await web.seeContent(gid, 'behind her back');
  await expectQuiet(QUIET_MS, () => (eve.shown(gid).length > last ? 'she was still told' : undefined));
  assert.equal((await eve.refusal(gid, 'let me in')).code, ERRORS.NOT_A_MEMBER.code);
  for (const person of [web, ours]) assert.ok(!person.contents(gid).includes('let me in'));
});

test('a refusal has its reason: to ours a code, to the web client a text, to Java which message it was', async (t) => {
  const { server, gid, java, web, ours } = await stage(t);
  const strangers = await Promise.all(
    (['legacy', 'web', 'modern'] as const).map((kind) => Person.enter(server.urls, kind)),
  );
  for (const person of strangers) t.after(() => person.close());
  const check = async (person: Person, to: number, error: keyof typeof ERRORS): Promise<void> => {
    const { text, code } = await person.refusal(to, `refused with ${error}`);
    if (person.kind === 'modern') assert.equal(code, ERRORS[error].code);
    else if (person.kind === 'web') assert.ok(text.includes(ERRORS[error].text), `${text} for ${error}`);
    else assert.equal(text, 'message.failed.send');
  };
  for (const person of strangers) {
    await check(person, gid, 'NOT_A_MEMBER');
    await check(person, 2 ** 31 - 5, 'NO_SUCH_GROUP');
  }
  await java.call('group/mute/all', { Gid: gid, on: true });
  for (const person of [web, ours]) await check(person, gid, 'GROUP_MUTED');
  await java.send(gid, 'the owner may');
  await java.call('group/mute/all', { Gid: gid, on: false });
  await java.call('group/mute', { Gid: gid, uid: ours.uid, until: Date.now() + 3_600_000 });
  await check(ours, gid, 'MEMBER_MUTED');
  await web.send(gid, 'he may');
  await java.call('group/dissolve', { Gid: gid });
  for (const person of [java, web, ours]) await check(person, gid, 'GROUP_DISSOLVED');
});

test('what was read the other devices hear of, in chats too; no sender of a group is told; strangers are refused', async (t) => {
  const { server, gid, java, ours } = await stage(t);
  const tablet = await Person.connect(server.urls, 'modern', ours.account, 6);
  t.after(() => tablet.close());
  const author = await Person.connect(server.urls, 'modern', java.account);
  t.after(() => author.close());
  const sent = await java.send(gid, 'read me');
  const { seq, data } = await ours.seeContent(gid, 'read me');
  const conv = String(data['conv']);
  const interval = { conv, from: seq, to: seq };
  ours.client.say('ack.request', { ...interval, state: 'received' });
  ours.client.say('ack.request', { ...interval, state: 'read' });
  const heard = await tablet.client.expect('ack.notify', (receipt) => receipt['conv'] === conv);
  assert.deepEqual(heard.data, { ...interval, state: 'read', by: String(ours.uid) });
  const note = await java.newMid();
  const chat = { from: java.uid, to: ours.uid, content: 'for you', mid: note, clientId: '', atMs: 1.6e12 };
  java.client.chat(chat);
  const pushed = asObject((await ours.client.expect('message.chat')).data);
  const alone = { conv: pushed['conv'], from: pushed['seq'], to: pushed['seq'], state: 'read' };
  ours.client.say('ack.request', alone);
  const by = String(ours.uid);
  for (const device of [tablet, author]) {
    const told = await device.client.expect('ack.notify', (receipt) => receipt['conv'] === alone.conv);
    assert.deepEqual(told.data, { ...alone, by });
  }
  await expectQuiet(QUIET_MS, () => {
    const ofGroup = author.client.heard('ack.notify').some((frame) => asObject(frame.data)['conv'] === conv);
    const ofMessage = java.client
      .heard('ack.notify')
      .filter((frame) => asObject(frame.data)['Mid'] === sent.mid);
    if (ofGroup || ofMessage.length > 1) return 'the sender was told of a receipt';
    return ours.client.heard('ack.notify').length > 0 ? 'the reading device was told itself' : undefined;
  });
  const stranger = await Person.enter(server.urls, 'modern');
  t.after(() => stranger.close());
  stranger.client.say('ack.request', { ...interval, state: 'read' });
  const refused = await stranger.client.expect('notify.error');
  assert.equal(asObject(refused.data)['code'], ERRORS.NO_PERMISSION.code);
});

test('typing reaches the members who are there, but for the device that types; strangers cannot', async (t) => {
  const { server, gid, java, web, ours } = await stage(t);
  const tablet = await otherDevice(t, server, ours);
  const typing = { type: 10020, content: '' };
  ours.client.say('message.cli', { to: String(gid), ...typing });
  for (const person of [web, tablet]) {
    const { data } = await person.client.expect('message.cli');
    assert.deepEqual(data, { from: String(ours.uid), to: String(gid), ...typing });
  }
  const { data } = await java.client.expect('message.cli');
  assert.deepEqual(data, { From: ours.uid, To: gid, Type: 10020, Content: '' });
  await expectQuiet(QUIET_MS, () =>
    ours.client.heard('message.cli').length > 0 ? 'it came back to who said it' : undefined,
  );
  const stranger = await Person.enter(server.urls, 'modern');
  t.after(() => stranger.close());
  stranger.client.say('message.cli', { to: String(gid), ...typing }, 4);
  const refused = await stranger.client.expect('notify.error');
  assert.equal(asObject(refused.data)['code'], ERRORS.NOT_A_MEMBER.code);
  assert.equal(web.client.heard('message.cli').length, 1);
});

test('the world channel: the first word lets its speaker in, under its name for the web client', async (t) => {
  const { java, web, ours } = await stage(t);
  await web.send(WORLD_NAME, 'hello world');
  await ours.send(WORLD_GID, 'hello too');
  await java.send(WORLD_GID, 'bonjour');
  const heard = await waitUntil('both at the web client', () => {
    const texts = web.client.heard('message.group').map(({ data }) => asObject(data));
    const said = texts.filter(
      ({ to, content }) => to === WORLD_NAME && String(content).match(/hello|bonjour/),
    );
    return said.length === 2 && said;
  });
  assert.deepEqual(
    heard.map(({ content }) => content),
    ['hello too', 'bonjour'],
  );
  const joins = web.client.heard('message.group').map(({ data }) => asObject(data));
  const named = joins.filter(({ type, to }) => type === 100 && to === WORLD_NAME);
  assert.deepEqual(
    named.map(({ content }) => content),
    [web.uid, ours.uid, java.uid].map(String),
    'its own coming first, then the others’',
  );
  assert.ok(named.every(({ cliMid, mid }) => cliMid !== '' && Number(mid) < 2 ** 53));
});

test('after a restart the numbers go on, a late retry is the same message, and the members are pushed at once', async (t) => {
  const { server, gid, java, ours } = await stage(t);
  const before = await ours.send(gid, 'before');
  await java.seeContent(gid, 'before');
  java.client.say('ack.request', { Mid: before.mid, From: ours.uid, Seq: 0 });
  await java.send(gid, 'its ack comes behind the receipt');
  // A pull stores what was acknowledged; a receipt that a crash takes along would rightly cost a repeat.
  await java.call('msg/chat/offline', {});
  await server.restart();
  const back = await Person.connect(server.urls, 'modern', ours.account);
  const phone = await Person.connect(server.urls, 'legacy', java.account);
  for (const person of [back, phone]) t.after(() => person.close());
  back.client.say(
    'message.group',
    { cliMid: before.clientId, to: String(gid), content: 'before', type: 1 },
    900,
  );
  const ack = await back.client.expect('ack.message', ({ cliMid }) => cliMid === before.clientId);
  assert.deepEqual([asObject(ack.data)['mid'], asObject(ack.data)['seq']], [before.mid, before.seq]);
  const after = await back.send(gid, 'after');
  assert.equal(after.seq, before.seq + 2);
  assert.equal(
    (await phone.seeContent(gid, 'after')).seq,
    after.seq,
    'and nobody had to open anything first',
  );
  await expectQuiet(QUIET_MS, () =>
    phone.contents(gid).includes('before') ? 'a repeat was pushed to somebody who had it' : undefined,
  );
});

test('where it is switched off there is no world channel', async (t) => {
  const server = await TestServer.start(t, { flags: { 'messaging-world-channel': false } });
  const nobody = await Person.enter(server.urls, 'modern');
  t.after(() => nobody.close());
  assert.equal((await nobody.refusal(WORLD_GID, 'anybody?')).code, ERRORS.NO_SUCH_GROUP.code);
});
