/** docs/example.html, thirty lines without our SDK, chats in a real browser over the real server. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { packageRoot } from '../support/package_root.js';
import { startBrowser } from '../support/chromium.js';
import { register } from '../support/http.js';
import { TestServer } from '../support/server.js';
import { waitUntil } from '../support/wait.js';
import { servePages } from './page_server.js';

const LINES = 30;

interface Person {
  readonly account: string;
  readonly password: string;
}

async function enter(browser: Browser, url: string, who: Person, peer: string): Promise<Page> {
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(url);
  await page.fill('#account', who.account);
  await page.fill('#password', who.password);
  await page.fill('#peer', peer);
  await page.click('#enter');
  await waitUntil(
    () => `${who.account} to be signed in: ${faults.join(' ')}`,
    async () => faults.length > 0 || (await page.evaluate<boolean>('send.onclick !== null')),
  );
  assert.deepEqual(faults, []);
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  await page.fill('#text', text);
  await page.click('#send');
}

const logOf = async (page: Page): Promise<string> => (await page.textContent('#log')) ?? '';

test('a page of thirty lines without the SDK chats', async (t) => {
  const html = await readFile(join(packageRoot(), 'docs/example.html'), 'utf8');
  const script = /<script type="module">\n([^]*?)\n\s*<\/script>/.exec(html)?.[1] ?? '';
  assert.ok(script.split('\n').length <= LINES, `the script has ${script.split('\n').length} lines`);
  const server = await TestServer.start(t);
  const { http } = server.urls;
  const origin = await servePages(t, { pages: { '/example.html': html } });
  const url = `${origin}/example.html?api=${encodeURIComponent(http)}`;
  const browser = await startBrowser(t);
  const [alice, bob] = [await register(http, 'alice'), await register(http, 'bob')];

  const left = await enter(browser, url, alice, bob.account);
  await waitUntil('alice to be online', async () => {
    await say(left, 'is anybody there?');
    return (await logOf(left)).includes('is anybody there?');
  });
  const right = await enter(browser, url, bob, alice.account);
  await waitUntil('bob to see what was said before he came', async () =>
    (await logOf(right)).includes(`${alice.account}: is anybody there?`),
  );
  for (let round = 1; round <= 5; round++) {
    await say(left, `ping ${round} — 你好 💬`);
    const ping = `${alice.account}: ping ${round} — 你好 💬`;
    for (const page of [left, right])
      await waitUntil(`«${ping}»`, async () => (await logOf(page)).includes(ping));
    await say(right, `pong ${round}`);
    const pong = `${bob.account}: pong ${round}`;
    for (const page of [left, right])
      await waitUntil(`«${pong}»`, async () => (await logOf(page)).includes(pong));
  }
  assert.equal(await logOf(left), await logOf(right));

  const screenshot = process.env['SCREENSHOT_FILE'];
  if (screenshot !== undefined) await right.screenshot({ path: screenshot });
  await right.close();
  const again = await enter(browser, url, bob, alice.account);
  await waitUntil('bob to see it all again', async () => (await logOf(again)) === (await logOf(left)));
});
