/** Serves pages and modules to a browser from a map and one folder, and nothing else. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { extname, join, normalize } from 'node:path';
import type { Scope } from '../support/server.js';

export interface Pages {
  /** Texts by path: `/chat.html`. */
  readonly pages: Readonly<Record<string, string>>;
  /** Everything else comes from here. */
  readonly folder?: string;
}

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/** Its origin, `http://127.0.0.1:1234`; it ends with its test. */
export async function servePages(scope: Scope, { pages, folder }: Pages): Promise<string> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const text =
      pages[pathname] ??
      (folder === undefined ? undefined : readFile(join(folder, normalize(pathname)), 'utf8'));
    Promise.resolve(text).then(
      (body) => {
        const type = TYPES[extname(pathname)] ?? 'application/octet-stream';
        response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body);
      },
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not listening on a port');
  return `http://127.0.0.1:${address.port}`;
}
