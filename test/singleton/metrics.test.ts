/** /metrics of a real server says what happened on it, to whoever may know. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METRICS } from '../../service/metrics/metric_table.js';
import { LegacyActor } from '../support/actor.js';
import { Chat } from '../support/chat.js';
import { sailplaneOk } from '../support/command.js';
import { call } from '../support/http.js';
import { readSamples, scrape } from '../support/scrape.js';
import { waitUntil } from '../support/wait.js';

test('metrics: connections, sign-ins, sends, receipts, transactions and files are counted', async (t) => {
  const chat = await Chat.start(t, { flags: { 'messaging-mark-delay-ms': 10 } });
  const { urls, dataDir } = chat.server;
  const [ann, bob] = [await chat.person('ann'), await chat.person('bob')];
  const [annPhone, bobPhone] = [await chat.phone(ann), await chat.phone(bob)];
  const old = await LegacyActor.enter(urls, 'old');
  for (let n = 0; n < 10; n++) await annPhone.sendAndWait(bob.uid, `number ${n}`);
  await annPhone.sendAndWait(999_999, 'to nobody');
  await bobPhone.expectMessage('number 9');
  await call(urls.http, 'auth/signin', { Account: ann.account, Password: 'wrong', Device: 1 });
  await call(urls.http, 'no/such/operation/of/mine');

  const samples = await waitUntil('the marks to be written', async () => {
    const found = await scrape(urls.http);
    return (found.get('sailplane_marks_written_total') ?? 0) > 0 && found;
  });
  const value = (name: string): number => samples.get(`sailplane_${name}`) ?? NaN;
  assert.equal(value('gateway_connections{profile="modern"}'), 2);
  assert.equal(value('gateway_connections{profile="legacy"}'), 1);
  assert.equal(value('gateway_users'), 3);
  assert.equal(value('gateway_sign_ins_total{result="OK"}'), 3);
  assert.equal(value('append_requests_total{result="STORED"}'), 10);
  assert.equal(value('append_requests_total{result="NO_SUCH_USER"}'), 1);
  assert.equal(value('append_batch_requests_count'), value('append_commit_seconds_count'));
  assert.ok(value('append_batch_requests_sum') >= 11);
  assert.ok(value('append_commit_seconds_sum') > 0);
  assert.ok(value('gateway_pushes_total') >= 10);
  assert.equal(value('gateway_undetected_drops_total'), 0);
  assert.equal(value('api_calls_total{operation="auth/signin",result="WRONG_CREDENTIALS"}'), 1);
  assert.ok(![...samples.keys()].some((name) => name.includes('no/such')), 'no name of a client');
  assert.ok(value('store_file_bytes{file="database"}') > 0);
  assert.ok(value('store_disk_free_bytes') > 0);
  assert.ok(value('process_resident_memory_bytes') > 1e7);
  assert.ok(value('event_loop_delay_seconds{quantile="1"}') >= 0);

  const printed = readSamples(await sailplaneOk(['stats', '--data-dir', dataDir]));
  assert.equal(printed.get('sailplane_append_requests_total{result="STORED"}'), 10);
  await old.close();
});

test('metrics: every row of the table is on the page', async (t) => {
  const chat = await Chat.start(t);
  const response = await fetch(new URL('/metrics', chat.server.urls.http));
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const page = await response.text();
  for (const { name, kind, help } of METRICS) {
    assert.ok(page.includes(`# TYPE ${name} ${kind}\n`), name);
    assert.ok(page.includes(`# HELP ${name} ${help}\n`), name);
  }
});

test('metrics: with a token nobody sees them without it; switched off there is no such route', async (t) => {
  const token = 'a-metrics-token-of-some-length';
  const chat = await Chat.start(t, { env: { SAILPLANE_METRICS_TOKEN: token } });
  const { http } = chat.server.urls;
  assert.equal((await fetch(new URL('/metrics', http))).status, 403);
  assert.ok((await scrape(http, { authorization: `Bearer ${token}` })).size > 0);
  await chat.server.restart({ 'metrics-enabled': false });
  const gone = await fetch(new URL('/metrics', http), { headers: { authorization: `Bearer ${token}` } });
  assert.equal(gone.status, 404);
});
