/** The tree as it stands obeys the house's rules, and the checker that says so can say no. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findBreaches, type Source } from './architecture_rules.js';

const TOPS = ['cmd', 'service', 'im', 'pkg', 'sdk/src', 'test', 'bench'];

/** The compiled test lies somewhere below the root. */
function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'eslint.config.js'))) folder = dirname(folder);
  return folder;
}

function sourcesBelow(root: string): Source[] {
  return TOPS.flatMap((top) => {
    const entries = readdirSync(join(root, top), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'));
    return files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path: relative(root, path), text: readFileSync(path, 'utf8') };
    });
  });
}

function dependenciesOf(root: string): string[] {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  assert.ok(typeof manifest === 'object' && manifest !== null && 'dependencies' in manifest);
  return Object.keys(manifest.dependencies as object);
}

test('architecture: no file breaks a rule', () => {
  const root = projectRoot();
  const sources = sourcesBelow(root);
  assert.ok(sources.some(({ path }) => path === 'im/message/message.ts'));
  assert.deepEqual(findBreaches(sources, dependenciesOf(root)), []);
});

/** Each plants one fault; the words must be part of the one breach found. */
const PLANTED: readonly (readonly [path: string, text: string, breach: string])[] = [
  ['pkg/queue/byte_queue.ts', `import { Uid } from '../../im/message/ids.js';`, 'imports go cmd'],
  ['im/gateway/client.ts', `export { x } from '../../service/gateway/ws_server.js';`, 'imports go cmd'],
  [
    'im/gateway/client.ts',
    `export const x = () => import('../../service/gateway/ws_server.js');`,
    'imports go cmd',
  ],
  ['im/gateway/client.test.ts', `import '../../service/gateway/ws_server.js';`, 'imports go cmd'],
  ['im/gateway/client.ts', `export type X = import('../../service/wire.js').X;`, 'imports go cmd'],
  ['test/singleton/chat.test.ts', `import '../../cmd/singleton/main.js';`, 'nothing imports cmd'],
  ['im/api/local_api.ts', `import '../../sdk/src/client.js';`, 'the server does not import its client'],
  ['service/api/http_server.ts', `import '../../im/store/store.contract.js';`, 'code does not import tests'],
  ['service/api/http_server.ts', `import '../store/sqlite_stores.js';`, 'one edge does not import another'],
  ['service/api/http_server.test.ts', `import '../debug_secret.js';`, 'one edge does not import another'],
  [
    'im/messaging/router.ts',
    `import { AppendBatcher } from '../store/append_batcher.js';`,
    'im rooms meet only',
  ],
  ['im/messaging/router.ts', `import '../gateway/old_sdk/old_sdks.js';`, 'im rooms meet only'],
  ['im/gateway/old_sdk/old_sdks.ts', `import '../../store/append_batcher.js';`, 'im rooms meet only'],
  ['im/messaging/router.ts', `import '../../pkg/db/sqlite_database.js';`, 'leaf mechanisms'],
  ['im/messaging/router.ts', `import '../../pkg/log/pino_logger.js';`, 'leaf mechanisms'],
  ['im/messaging/router.ts', `import '../../pkg/config/load.js';`, 'leaf mechanisms'],
  ['im/messaging/router.ts', `import { WebSocket } from 'ws';`, 'no transport, database or log library'],
  ['im/messaging/router.ts', `import { z } from 'zod';`, 'no transport, database or log library'],
  ['im/message/message.ts', `import { Buffer } from 'node:buffer';`, 'runs in a browser'],
  ['im/errors.ts', `import { inspect } from 'node:util';`, 'runs in a browser'],
  ['pkg/errors/coded_error.ts', `import { inspect } from 'node:util';`, 'runs in a browser'],
  ['sdk/src/client.ts', `import { imError } from '../../im/gateway/interface.js';`, 'the sdk imports'],
  [
    'service/store/sql_store.ts',
    `import { DatabaseSync } from '@photostructure/sqlite';`,
    'wrapped in one room',
  ],
  ['service/api/http_server.ts', `import { build } from 'esbuild';`, 'not among the dependencies'],
  ['service/api/http_server.ts', `import { readFileSync } from 'fs';`, 'not among the dependencies'],
  ['pkg/queue/utils.ts', '', 'named by its noun'],
  ['pkg/queue/index.ts', '', 'named by its noun'],
  ['pkg/queue/queue_helpers.ts', '', 'named by its noun'],
  ['pkg/queue/queue2.ts', '', 'named by its noun'],
  ['pkg/queue/ByteQueue.ts', '', 'snake_case'],
  ['pkg/queue/byte_queue.ts', '\n'.repeat(401), '401 lines'],
  ['pkg/queue/byte_queue.test.ts', '\n'.repeat(601), '601 lines'],
  ['cmd/singleton/main.ts', '\n'.repeat(81), '81 lines'],
  ['pkg/queue/byte_queue.ts', 'export let x: any;', ':1: any'],
  ['pkg/queue/byte_queue.ts', '\nexport enum Level { A }', ':2: enum'],
  ['pkg/queue/byte_queue.ts', 'export default class Queue {}', ':1: default export'],
  ['pkg/queue/byte_queue.ts', 'const x = 1;\nexport default x;', ':2: default export'],
];

for (const [path, text, breach] of PLANTED) {
  test(`architecture: finds ${text.trim().slice(0, 60) || 'the name or length'} in ${path}`, () => {
    const found = findBreaches([{ path, text }], ['ws', 'zod', '@photostructure/sqlite']);
    assert.equal(found.length, 1, found.join('\n'));
    assert.ok(found[0]?.includes(breach), found[0]);
  });
}

test('architecture: finds a cycle, of types too, and names it once', () => {
  const sources = [
    { path: 'pkg/a/one.ts', text: `import type { Two } from './two.js';` },
    { path: 'pkg/a/two.ts', text: `import { three } from '../b/three.js';` },
    { path: 'pkg/b/three.ts', text: `export { one } from '../a/one.js';` },
    { path: 'pkg/b/four.ts', text: `import '../a/one.js'; import '../a/two.js';` },
  ];
  const found = findBreaches(sources, []);
  assert.equal(found.length, 1, found.join('\n'));
  assert.match(found[0] ?? '', /^cycle: .*one\.ts → .*two\.ts/);
});

test('architecture: what the rules allow is not reported', () => {
  const sources = [
    {
      path: 'cmd/singleton/main.ts',
      text: `import '../../service/store/sqlite_stores.js'; import 'node:fs';`,
    },
    {
      path: 'cmd/sailplane/chat.ts',
      text: `import '../../sdk/src/index.js'; import { WebSocket } from 'ws';`,
    },
    {
      path: 'service/store/sqlite_stores.ts',
      text: `import '../../im/store/interface.js'; import '../topics.js';`,
    },
    { path: 'service/config.ts', text: `import '../im/gateway/client_manager.js';` },
    { path: 'im/api/operations.ts', text: `import { z } from 'zod'; import '../gateway/interface.js';` },
    {
      path: 'im/gateway/client.ts',
      text: `import '../message/ids.js'; import '../../pkg/queue/byte_queue.js';`,
    },
    {
      path: 'im/gateway/client.test.ts',
      text: `import '../store/append_batcher.js'; import fc from 'fast-check';`,
    },
    {
      path: 'sdk/src/index.ts',
      text: `export { Client } from './client.js'; import '../../im/message/ids.js';`,
    },
    {
      path: 'sdk/src/client.test.ts',
      text: `import { WebSocketServer } from 'ws'; const x = "import any from 'y'";`,
    },
  ];
  assert.deepEqual(findBreaches(sources, ['ws', 'zod']), []);
});
