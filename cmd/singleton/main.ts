/**
 * The whole server in one process, on SQLite: read the options, open the stores, build the rooms, listen.
 * What starts later stops earlier: listeners, then connections, then what still has to be written.
 */
import { realpathSync } from 'node:fs';
import { Lifecycle } from '../../pkg/lifecycle/lifecycle.js';
import { PinoLogger } from '../../pkg/log/pino_logger.js';
import { effective } from '../../pkg/config/print.js';
import { Argon2Hasher } from '../../service/api/argon2_hasher.js';
import { HttpServer } from '../../service/api/http_server.js';
import { JoseTokens } from '../../service/api/jose_tokens.js';
import { Readiness } from '../../service/api/readiness.js';
import { CONFIG_OPTIONS, type Config } from '../../service/config.js';
import { WsServer } from '../../service/gateway/ws_server.js';
import { openSqliteStores } from '../../service/store/sqlite_stores.js';
import { DataFolder, databasePath } from './data_folder.js';
import { openEdge } from './edge.js';
import { buildOperations } from './operations.js';
import { announceReady } from './ready_line.js';
import { buildRooms } from './rooms.js';
import { endFailedStart, readConfigOrEnd } from './start_failure.js';

/** Serves until a signal ends the process; ends it itself, with one clear line, where it cannot start. */
export async function main(args: readonly string[]): Promise<void> {
  // Before any file is made: messages and password hashes are for the owner's eyes.
  process.umask(0o077);
  const config = readConfigOrEnd(args);
  if (config === undefined) return;
  const logger = new PinoLogger(config.log);
  const lifecycle = new Lifecycle(config.lifecycle, { logger, process, now: () => performance.now() });
  lifecycle.watch();
  logger.info({ options: effective(CONFIG_OPTIONS, config) }, 'starting');
  try {
    await serve(config, logger, lifecycle);
  } catch (error) {
    await endFailedStart({ error, config, logger, lifecycle });
  }
}

async function serve(config: Config, logger: PinoLogger, lifecycle: Lifecycle): Promise<void> {
  const folder = new DataFolder(config);
  await lifecycle.start(folder);

  const edge = await openEdge(config, logger, lifecycle);
  const stores = await openSqliteStores({ ...config.store, path: databasePath(config) }, { logger });
  await lifecycle.start({ name: 'store', close: () => stores.close() });

  const previousSecrets = config.previousSecret === '' ? [] : [config.previousSecret];
  const signer = new JoseTokens({ secret: folder.secret, previousSecrets });
  const hasher = new Argon2Hasher(config.api);
  const wsPort = (): number => ws.port;
  const { retention, probe, door, onBatch, page } = buildOperations(config, {
    ...{ stores, hasher, edge, later: () => ({ rooms, ws, http }), logger },
  });
  const rooms = buildRooms(config, { stores, signer, hasher, wsPort, onBatch, logger });
  const { api, checker, batcher, marks, gateway, rates, presence, search } = rooms;
  await lifecycle.start(probe);
  await lifecycle.start({ name: 'batcher', close: (ms) => batcher.close(ms) });
  await lifecycle.start({ name: 'marks', close: () => marks.flush() });
  for (const part of [retention, search, presence]) await lifecycle.start(part);
  await lifecycle.start({ name: 'gateway', start: () => gateway.start(), close: (ms) => gateway.close(ms) });

  const wsOptions = { ...config.gateway, host: config.host, port: config.wsPort };
  const ws = new WsServer(wsOptions, { handler: gateway, ...edge, logger });
  await lifecycle.start({ name: 'ws', start: () => ws.start(), close: () => ws.stopAccepting() });

  // After the sockets: a sign-in is told their port.
  const readiness = new Readiness(config.api, { appender: batcher, messages: stores.messages });
  const httpOptions = { ...config.api, host: config.host, port: config.httpPort };
  const http = new HttpServer(httpOptions, {
    ...{ api, checker, rates, readiness, metrics: page, ...edge, logger },
  });
  await lifecycle.start({ name: 'http', start: () => http.start(), close: (ms) => http.close(ms) });
  await lifecycle.start(door);

  announceReady({ config, httpPort: http.port, wsPort: ws.port });
}

if (realpathSync(process.argv[1] ?? '.') === import.meta.filename) await main(process.argv.slice(2));
