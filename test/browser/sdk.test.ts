/** Our SDK, built by its own script, as ES modules in a real browser: two pages chat, and one is cut off and comes back. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { packageRoot } from '../support/package_root.js';
import { startBrowser } from '../support/chromium.js';
import { register, signIn } from '../support/http.js';
import { TestServer } from '../support/server.js';
import { waitUntil } from '../support/wait.js';
import { servePages } from './page_server.js';

const DEVICE = 2;

/** Written as an app would; the test looks at `shown`, `states` and what `enter` and `say` give. */
const PAGE = `<!doctype html>
<title>SDK</title>
<script type="module">
  import { SailplaneClient, HttpApi } from '/sdk/src/index.js';
  window.shown = [];
  window.states = [];
  window.enter = async (api, account, password) => {
    const { token, servers } = await new HttpApi({ url: api }).signIn({ account, password, device: ${DEVICE} });
    const client = (window.client = new SailplaneClient({ url: servers[0], token, tuning: { reconnectMinMs: 20 } }));
    client.on('message', ({ content, seq }) => window.shown.push(seq + ' ' + content));
    client.on('connection', ({ name }) => window.states.push(name));
    await client.connect();
    return client.uid;
  };
  window.say = async (to, text) => (await window.client.sent(window.client.send(to, text))).state;
  window.isReady = true;
</script>`;

const shown = (page: Page): Promise<string[]> => page.evaluate<string[]>('shown');
const call = <Result>(page: Page, code: string): Promise<Result> => page.evaluate<Result>(code);

test('the SDK chats in a browser', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sailplane-browser-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const root = packageRoot();
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '-p', join(root, 'sdk'), '--outDir', folder]);
  const server = await TestServer.start(t);
  const { http } = server.urls;
  const origin = await servePages(t, { pages: { '/page.html': PAGE }, folder });
  const browser = await startBrowser(t);
  const enter = async (name: string): Promise<{ readonly page: Page; readonly uid: number }> => {
    const person = await register(http, name);
    const { uid } = await signIn(http, person, DEVICE);
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(`${origin}/page.html`);
    await waitUntil(
      () => `the modules to load: ${faults.join(' ')}`,
      () => call<boolean>(page, 'isReady === true'),
    );
    const entered = await call<number>(
      page,
      `enter(${JSON.stringify([http, person.account, person.password]).slice(1, -1)})`,
    );
    assert.equal(entered, uid);
    return { page, uid };
  };
  const [alice, bob] = [await enter('alice'), await enter('bob')];
  for (const [from, to, text] of [
    [alice, bob, 'hello from a page'],
    [bob, alice, 'and back — 你好 💬'],
  ] as const) {
    const state = await call<string>(from.page, `say(${to.uid}, ${JSON.stringify(text)})`);
    assert.ok(['stored', 'received', 'read'].includes(state), state);
    await waitUntil(`«${text}»`, async () => (await shown(to.page)).some((row) => row.endsWith(text)));
  }
  await server.restart();
  await waitUntil('both to come back', async () => {
    const states = [await call<string[]>(alice.page, 'states'), await call<string[]>(bob.page, 'states')];
    return states.every((names) => names.at(-1) === 'online' && names.length > 2);
  });
  await call<string>(alice.page, `say(${bob.uid}, 'after the restart')`);
  await waitUntil(
    '«after the restart»',
    async () => (await shown(bob.page)).at(-1) === '3 after the restart',
  );
  assert.deepEqual(await shown(alice.page), await shown(bob.page));
  for (const { page } of [alice, bob]) await call(page, 'client.close()');
});
