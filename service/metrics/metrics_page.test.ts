/** Who may see the metrics. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from './metrics.js';
import { MetricsPage } from './metrics_page.js';

const TOKEN = 'a-token-of-some-length';

/** Collecting fails, so that only a request that may see them gets that far. */
function page(token: string, enabled = true): MetricsPage {
  const metrics = new Metrics({ collect: () => Promise.reject(new Error('collected')) });
  return new MetricsPage({ enabled, token }, metrics);
}

async function isShown(
  on: MetricsPage,
  remoteAddress: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  try {
    const answer = await on.answer({ remoteAddress, headers: { host: 'localhost:8081', ...headers } });
    assert.equal(answer?.status, 403);
    return false;
  } catch (error) {
    assert.ok(error instanceof Error && error.message === 'collected');
    return true;
  }
}

test('metrics: without a token this machine only', async () => {
  for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])
    assert.equal(await isShown(page(''), address), true, address);
  for (const address of ['10.0.0.1', '::ffff:10.0.0.1', '128.0.0.1', '2001:db8::1', ''])
    assert.equal(await isShown(page(''), address), false, address);
});

test('metrics: without a token nothing that a proxy on this machine passed on', async () => {
  for (const name of ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'])
    assert.equal(await isShown(page(''), '127.0.0.1', { [name]: '127.0.0.1' }), false, name);
});

test('metrics: without a token only by a name of this machine', async () => {
  for (const host of ['localhost', 'LOCALHOST:80', '127.0.0.1:8081', '127.3.2.1', '[::1]', '[::1]:8081'])
    assert.equal(await isShown(page(''), '127.0.0.1', { host }), true, host);
  const others = [
    'im.example.org',
    'localhost.example.org',
    '10.0.0.1:8081',
    '127.0.0.1.example.org',
    '[::2]',
    '',
  ];
  for (const host of others) assert.equal(await isShown(page(''), '127.0.0.1', { host }), false, host);
  assert.equal(
    await isShown(page(TOKEN), '127.0.0.1', { host: 'x', authorization: `Bearer ${TOKEN}` }),
    true,
  );
});

test('metrics: with a token whoever shows it, from anywhere, and nobody else', async () => {
  const shown = { authorization: `Bearer ${TOKEN}` };
  assert.equal(await isShown(page(TOKEN), '10.0.0.1', shown), true);
  assert.equal(await isShown(page(TOKEN), '10.0.0.1', { ...shown, 'x-forwarded-for': '10.0.0.2' }), true);
  for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`])
    assert.equal(await isShown(page(TOKEN), '127.0.0.1', { authorization }), false, authorization);
});

test('metrics: switched off there is no page', async () => {
  assert.equal(await page('', false).answer({ remoteAddress: '127.0.0.1', headers: {} }), undefined);
});
